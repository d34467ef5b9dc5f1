import { type AiProviderKind } from '@atlas/operator-api';
import { Database, SecretBox } from '@atlas/persistence';
import { DomainError, type Secret } from '@atlas/platform';
import { type Plan } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { SEALED, placeIn } from '../../sealing/sealed-columns';
import { aiUnavailable } from '../ai.errors';
import { AiProvider } from '../providers/ai-provider.entity';

interface ProviderAddress {
  readonly kind: AiProviderKind;
  readonly baseUrl: string;
  readonly key: Secret | null;
}

/** A provider that may answer a question, and the model that it would use. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  /** How many tokens its models may use for thinking, in addition to the limit of the question. */
  readonly reasoningTokens: number;
  /** Null if the provider has been removed or disabled since. */
  readonly address: () => Promise<ProviderAddress | null>;
}

/** The provider that the environment describes. */
const FROM_ENVIRONMENT = 'environment';

/** Finds the providers for a question. */
@Injectable()
export class Candidates {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
    private readonly config: ControlPlaneConfig,
  ) {}

  /**
   * Those of the enabled `providers` that may answer, in the same order. The provider of the environment is
   * used only if none is enabled. Throws `ai_unavailable`, and `model_not_in_plan`.
   */
  of(providers: readonly AiProvider[], plan: Plan, model: string | undefined): Candidate[] {
    if (providers.length === 0) return [this.fromEnvironment(model)];
    const candidates = providers.flatMap((provider, index) => {
      const models = provider.models[plan];
      const chosen = model === undefined ? models[0] : models.find((name) => name === model);
      return chosen === undefined ? [] : [this.stored(provider, chosen, index === 0)];
    });
    if (candidates.length === 0) throw modelNotInPlan(plan, model, providers);
    return candidates;
  }

  /** Only the first provider is asked at once. The others may have been changed or removed until then. */
  private stored(found: AiProvider, model: string, isAskedAtOnce: boolean): Candidate {
    const { id, name, reasoningTokens } = found;
    let known = isAskedAtOnce ? found : null;
    const address = async (): Promise<ProviderAddress | null> => {
      const provider = known ?? (await this.enabled(id));
      known = null;
      if (!provider) return null;
      const { kind, baseUrl, keySealed } = provider;
      const key = keySealed === null ? null : this.box.open(keySealed, placeIn(SEALED.aiProviderKey, id));
      return { kind, baseUrl, key };
    };
    return { id, name, model, reasoningTokens, address };
  }

  private enabled(id: string): Promise<AiProvider | null> {
    return this.database.read((manager) => manager.findOneBy(AiProvider, { id, enabled: true }));
  }

  private fromEnvironment(model: string | undefined): Candidate {
    const { AI_PROVIDER: kind, AI_PROVIDER_BASE_URL: baseUrl, AI_PROVIDER_MODEL: byDefault } = this.config;
    if (!baseUrl)
      throw aiUnavailable(
        'no provider is configured on the Control Plane (POST /api/ai/providers, or AI_PROVIDER_BASE_URL)',
      );
    const address = { kind, baseUrl, key: this.config.AI_PROVIDER_API_KEY ?? null };
    return {
      id: FROM_ENVIRONMENT,
      name: FROM_ENVIRONMENT,
      model: model ?? byDefault ?? '',
      reasoningTokens: this.config.AI_PROVIDER_REASONING_TOKENS,
      address: () => Promise.resolve(address),
    };
  }
}

function modelNotInPlan(
  plan: Plan,
  model: string | undefined,
  providers: readonly AiProvider[],
): DomainError {
  const models = [...new Set(providers.flatMap((provider) => provider.models[plan]))];
  const detail =
    models.length === 0
      ? `The tenant's plan "${plan}" includes no AI model. To use AI, change the tenant's plan.`
      : `The tenant's plan "${plan}" does not include the model "${model ?? ''}". Leave out ` +
        `\`model\`, or use one of: ${models.join(', ')}.`;
  return new DomainError('model_not_in_plan', 'forbidden', detail, { plan, models });
}
