import { type AiProviderView } from '@atlas/operator-api';
import { type AiProvider } from './ai-provider.entity';

/** Leaves out the key, so the view is also what the audit trail records. */
export function aiProviderView(provider: AiProvider): AiProviderView {
  return {
    id: provider.id,
    name: provider.name,
    kind: provider.kind,
    base_url: provider.baseUrl,
    models: provider.models,
    order: provider.priority,
    enabled: provider.enabled,
    reasoning_tokens: provider.reasoningTokens,
    has_key: provider.keySealed !== null,
    created_at: provider.createdAt,
    updated_at: provider.updatedAt,
  };
}
