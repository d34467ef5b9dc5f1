import { type ControlPlaneSchemas, type FieldTexts, bodyOf } from '@atlas/web';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api';

type Schemas = ControlPlaneSchemas['schemas'];
export type Provider = Schemas['AiProviderView'];
export type NewProvider = Schemas['CreateAiProviderDto'];
export type ProviderChange = Schemas['ChangeAiProviderDto'];

export const PROVIDERS = ['ai-providers'] as const;

/** In the order in which they are asked. Only owners may read them. */
export const providers = queryOptions({
  queryKey: PROVIDERS,
  queryFn: async () => (await bodyOf(api.GET('/api/ai/providers'))).items,
});

export const KINDS = ['openai_compatible', 'anthropic'] as const;
export const KIND_NAMES: Readonly<Record<Provider['kind'], string>> = {
  openai_compatible: 'OpenAI-compatible',
  anthropic: 'Anthropic',
};

/** What a form shows. The key is only written. */
export interface ProviderValues extends Pick<Provider, 'name' | 'base_url' | 'models' | 'enabled'> {
  /** An empty field is text. */
  readonly order: number | string;
}

export const PROVIDER_TEXTS: FieldTexts<ProviderValues> = [
  ['Name', ({ name }) => name],
  ['Address', ({ base_url: url }) => url],
  ['Models for Core', ({ models }) => models.core.join(', ')],
  ['Models for Operations', ({ models }) => models.operations.join(', ')],
  ['Models for Enterprise', ({ models }) => models.enterprise.join(', ')],
  ['Order', ({ order }) => String(order)],
  ['Asked', ({ enabled }) => (enabled ? 'yes' : 'no')],
];
