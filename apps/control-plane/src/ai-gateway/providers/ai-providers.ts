import { type AiProviderView, type ChangeAiProviderDto, type CreateAiProviderDto } from '@atlas/operator-api';
import { Database, SecretBox, insertRow, lockedForUpdate, updateRows, violates } from '@atlas/persistence';
import {
  Clock,
  DomainError,
  type ExpectedVersion,
  type FieldError,
  timeOfChange,
  validationFailed,
} from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../../audit/audit';
import { SEALED, placeIn } from '../../sealing/sealed-columns';
import { AiProvider } from './ai-provider.entity';
import { aiProviderView } from './ai-provider.view';
import { baseUrlProblem } from './base-urls';

const NAME_RULE = { name: 'ai_providers_name_uq', table: 'ai_providers', columns: ['name'] };

type Expected = ExpectedVersion<AiProviderView>;

/** Manages the AI providers of this Control Plane. */
@Injectable()
export class AiProviders {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** In the order in which they are tried. */
  async list(): Promise<{ items: AiProviderView[] }> {
    return { items: (await this.inOrder()).map(aiProviderView) };
  }

  inOrder(where: Partial<Pick<AiProvider, 'enabled'>> = {}): Promise<AiProvider[]> {
    const order = { priority: 'asc', id: 'asc' } as const;
    return this.database.read((manager) => manager.find(AiProvider, { where, order }));
  }

  async find(id: string): Promise<AiProviderView> {
    const provider = await this.database.read((manager) => manager.findOneBy(AiProvider, { id }));
    if (!provider) throw noSuchProvider();
    return aiProviderView(provider);
  }

  /** Throws `validation_failed` and `ai_provider_name_taken`. */
  async create(dto: CreateAiProviderDto): Promise<AiProviderView> {
    const now = this.clock.now();
    const id = uuidv7(now);
    const provider: AiProvider = {
      id,
      name: dto.name,
      kind: dto.kind,
      baseUrl: dto.base_url,
      models: dto.models,
      priority: dto.order,
      enabled: dto.enabled,
      reasoningTokens: dto.reasoning_tokens,
      keySealed: this.sealed(id, dto.key ?? null),
      createdAt: now,
      updatedAt: now,
    };
    requireValid(provider);
    await this.write(async (manager) => {
      await insertRow(manager, AiProvider, provider);
      await this.record(manager, 'created', id, undefined, provider);
    });
    return aiProviderView(provider);
  }

  /**
   * Calls that have begun finish with what they began with; later attempts of the same call use the change.
   * Throws `changed_meanwhile`, `validation_failed` and `ai_provider_name_taken`.
   */
  change(id: string, dto: ChangeAiProviderDto, expected: Expected): Promise<AiProviderView> {
    return this.write(async (manager) => {
      const before = await lockProvider(manager, id);
      expected.require(aiProviderView(before));
      requireKeyForNewHost(before, dto);
      const after: AiProvider = {
        ...before,
        name: dto.name ?? before.name,
        baseUrl: dto.base_url ?? before.baseUrl,
        models: dto.models ?? before.models,
        priority: dto.order ?? before.priority,
        enabled: dto.enabled ?? before.enabled,
        reasoningTokens: dto.reasoning_tokens ?? before.reasoningTokens,
        keySealed: dto.key === undefined ? before.keySealed : this.sealed(id, dto.key),
        updatedAt: timeOfChange(this.clock.now(), before.updatedAt),
      };
      requireValid(after);
      await updateRows(manager, AiProvider, { id }, after);
      await this.record(manager, 'changed', id, before, after);
      return aiProviderView(after);
    });
  }

  remove(id: string, expected: Expected): Promise<void> {
    return this.write(async (manager) => {
      const before = await lockProvider(manager, id);
      expected.require(aiProviderView(before));
      await manager.delete(AiProvider, { id });
      await this.record(manager, 'removed', id, before);
    });
  }

  private sealed(id: string, key: string | null): string | null {
    return key === null ? null : this.box.seal(key, placeIn(SEALED.aiProviderKey, id));
  }

  private async write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.database.write(work);
    } catch (error) {
      if (violates(error, NAME_RULE)) throw nameTaken();
      throw error;
    }
  }

  private record(
    manager: EntityManager,
    what: 'created' | 'changed' | 'removed',
    targetId: string,
    before?: AiProvider,
    after?: AiProvider,
  ): Promise<void> {
    const isKeyChanged = before && after && before.keySealed !== after.keySealed;
    return this.audit.record(manager, {
      action: `ai_provider.${what}`,
      targetKind: 'ai_provider',
      targetId,
      before: before && { ...aiProviderView(before) },
      after: after && { ...aiProviderView(after), ...(isKeyChanged && { key_changed: true }) },
    });
  }
}

async function lockProvider(manager: EntityManager, id: string): Promise<AiProvider> {
  const query = manager.createQueryBuilder(AiProvider, 'provider').where({ id });
  const provider = await lockedForUpdate(query).getOne();
  if (!provider) throw noSuchProvider();
  return provider;
}

function requireValid({ kind, keySealed, baseUrl }: AiProvider): void {
  const noKey = kind === 'anthropic' && keySealed === null;
  const problems: (FieldError | null)[] = [
    baseUrlProblem(baseUrl),
    noKey ? { field: 'key', message: 'is required for this kind of provider' } : null,
  ];
  const errors = problems.filter((problem) => problem !== null);
  if (errors.length > 0) throw validationFailed(errors);
}

/** Otherwise, the key that nobody can read could be sent to any host that its reader controls. */
function requireKeyForNewHost(before: AiProvider, { base_url: url, key }: ChangeAiProviderDto): void {
  if (before.keySealed === null || key !== undefined || url === undefined) return;
  if (new URL(url).origin === new URL(before.baseUrl).origin) return;
  const message = 'must be sent again if the host of base_url changes, or null to remove it';
  throw validationFailed([{ field: 'key', message }]);
}

function noSuchProvider(): DomainError {
  return new DomainError('not_found', 'not_found', 'No AI provider has this id.');
}

function nameTaken(): DomainError {
  const detail =
    'An AI provider with this name already exists. Choose another name, or change that provider.';
  return new DomainError('ai_provider_name_taken', 'conflict', detail);
}
