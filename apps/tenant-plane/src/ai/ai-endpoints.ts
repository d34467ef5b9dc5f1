import { isDeepStrictEqual } from 'node:util';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock, DomainError, type Secret, timeOfChange, validationFailed } from '@atlas/platform';
import { type EndpointUse, type OwnEndpointDto, type OwnEndpointView } from '@atlas/tenant-api/ai';
import { Injectable } from '@nestjs/common';
import { OutboundCalls } from '../egress/outbound-calls';
import { Deployment } from '../plane-identity/deployment';
import { TenantSecrets } from '../tenant-secrets/tenant-secrets';
import { AiEndpoint } from './ai-endpoint.entity';

const KIND = 'openai_compatible';
const KEY_PLACE = { table: 'ai_endpoints', column: 'sealed_key', rowId: KIND };
const DEFAULT_TIMEOUT_SECONDS = 60;

/** A tenant's own AI, as it is asked. */
export interface OwnEndpoint {
  readonly baseUrl: string;
  readonly model: string;
  readonly usedAs: EndpointUse;
  readonly timeoutMs: number;
  readonly sealedKey: string | null;
}

/** The AIs that tenants run or pay for themselves. */
@Injectable()
export class AiEndpoints {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly secrets: TenantSecrets,
    private readonly calls: OutboundCalls,
    private readonly deployment: Deployment,
    private readonly clock: Clock,
  ) {}

  async of(tenantId: string): Promise<OwnEndpoint | null> {
    const row = await this.tenants.read(tenantId, endpointIn);
    return row && { ...row, timeoutMs: row.timeoutSeconds * 1000 };
  }

  /** Throws `secret_unreadable`. */
  async keyOf(tenantId: string, { sealedKey }: OwnEndpoint): Promise<Secret | null> {
    if (sealedKey === null) return null;
    return this.tenants.read(tenantId, (scope) => this.secrets.open(scope, KEY_PLACE, sealedKey));
  }

  /** Throws `validation_failed` and `address_not_allowed`. Call it outside of transactions. */
  async requireAllowed({ base_url }: OwnEndpointDto): Promise<void> {
    const { protocol, search, hash } = new URL(base_url);
    if (search || hash) throw invalid('base_url', 'must not have a query or a fragment');
    // Without TLS, whoever is on the way could read the key and the question.
    if (protocol === 'http:' && this.deployment.profile.outboundAddresses === 'public')
      throw invalid('base_url', 'must be https');
    await this.calls.requireAllowed(base_url);
  }

  /**
   * Stores the endpoint, or removes it. Returns whether anything has changed. Throws `validation_failed` if
   * the stored key cannot be kept.
   */
  async put(scope: TenantScope, dto: OwnEndpointDto | null): Promise<boolean> {
    const before = await endpointIn(scope);
    if (dto === null) {
      await scope.delete(AiEndpoint, { kind: KIND });
      return before !== null;
    }
    const { base_url: baseUrl, model, api_key: key } = dto;
    const { use: usedAs = before?.usedAs ?? 'fallback' } = dto;
    const { timeout_seconds: timeoutSeconds = before?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS } = dto;
    const kept = { baseUrl, model, usedAs, timeoutSeconds };
    const isSame = before !== null && isDeepStrictEqual({ ...before, ...kept }, { ...before });
    if (isSame && (key === undefined || (await this.isStored(scope, key, before)))) return false;
    const now = this.clock.now();
    const changedAt = before ? timeOfChange(now, before.changedAt) : now;
    const sealedKey = await this.sealed(scope, dto, before);
    await scope.put(AiEndpoint, [{ kind: KIND, ...kept, sealedKey, changedAt }]);
    return true;
  }

  /** A change whose answer was lost, and which is sent again, must not count as another change. */
  private async isStored(
    scope: TenantScope,
    key: string | null,
    { sealedKey }: AiEndpoint,
  ): Promise<boolean> {
    if (key === null || sealedKey === null) return key === sealedKey;
    try {
      return (await this.secrets.open(scope, KEY_PLACE, sealedKey)).reveal() === key;
    } catch (error) {
      // A stored key that cannot be read any more can still be replaced.
      if (error instanceof DomainError) return false;
      throw error;
    }
  }

  private async sealed(
    scope: TenantScope,
    { api_key: key, base_url: baseUrl }: OwnEndpointDto,
    before: AiEndpoint | null,
  ): Promise<string | null> {
    if (key === null) return null;
    if (key !== undefined) return this.secrets.seal(scope, KEY_PLACE, key);
    const stored = before?.sealedKey ?? null;
    // Whoever changes the address could otherwise have the key sent to a server of their own.
    if (before && stored !== null && new URL(baseUrl).origin !== new URL(before.baseUrl).origin)
      throw invalid('own_endpoint.api_key', 'must be sent again, or null, because the host has changed');
    return stored;
  }
}

export async function endpointIn(scope: TenantScope): Promise<AiEndpoint | null> {
  return scope.findOne(AiEndpoint, { kind: KIND });
}

export function endpointView({
  baseUrl: base_url,
  model,
  usedAs: use,
  timeoutSeconds: timeout_seconds,
  sealedKey,
  changedAt: changed_at,
}: AiEndpoint): OwnEndpointView {
  return { base_url, model, use, timeout_seconds, has_api_key: sealedKey !== null, changed_at };
}

function invalid(field: string, message: string): Error {
  return validationFailed([{ field, message: `${field} ${message}` }]);
}
