import { type Allowance, type TenantScope, Throttle, lockedForUpdate, together } from '@atlas/persistence';
import { Clock, DomainError, currentContext } from '@atlas/platform';
import { type Plan } from '@atlas/tenancy';
import { type DataSourceKind } from '@atlas/tenant-api/data-sources';
import { Injectable } from '@nestjs/common';
import { CallerWrites } from '../access/caller-writes';
import { keyRefused } from '../access/claimed-key';
import { type ClaimedKey } from '../access/tenant-request';
import { accepts, presents } from '../credentials/previous-keys';
import { hashToken } from '../credentials/tenant-token';
import { TenantEntitlements } from '../entitlements/entitlements';
import { requireStanding } from '../tenancy/tenant-standing';
import { type Tenant } from '../tenancy/tenant.entity';
import { DataSource } from './data-source.entity';

const BLOCK = 10;
/** From the largest to the smallest. */
const BLOCKS = Array.from({ length: BLOCK }, (_, index) => BLOCK - index);

export const REQUESTS: Allowance = {
  name: 'requests with the key of',
  limit: 600,
  windowSeconds: 60,
  isStrict: false,
  block: BLOCK,
  refusal: 'This data source has sent too many requests. Send more in each request.',
};

/** The requests with alerts that the plan allows, from all data sources of a tenant together. */
function requestsWithAlerts(limit: number, plan: Plan): Allowance {
  return {
    name: 'requests with alerts of',
    limit,
    windowSeconds: 60,
    isStrict: false,
    block: BLOCKS.find((block) => limit % block === 0) ?? 1,
    refusal: `The plan "${plan}" allows ${limit} requests with alerts per minute. Send more in each request.`,
  };
}

/** The keys that programs send alerts and events with. */
@Injectable()
export class DataSourceKeys {
  constructor(
    private readonly throttle: Throttle,
    private readonly entitlements: TenantEntitlements,
    private readonly clock: Clock,
    callers: CallerWrites,
  ) {
    callers.on('dataSource', (scope, key) => this.admit(scope, key));
  }

  /** Counts a request. Throws `too_many_attempts`, and what {@link prove} throws. */
  async admit(scope: TenantScope, key: ClaimedKey, kind?: DataSourceKind): Promise<DataSource> {
    const [source, tenant] = await this.proven(scope, key, kind);
    await this.throttle.take(REQUESTS, [scope.tenantId, source.id]);
    if (kind) {
      const { limits, plan } = await this.entitlements.of(tenant);
      if (limits.ingest_per_minute === 0) throw nothingAllowed(plan);
      await this.throttle.take(requestsWithAlerts(limits.ingest_per_minute, plan), [scope.tenantId]);
    }
    return source;
  }

  /**
   * Locks the data source that a key belongs to, so that the key is not revoked before the transaction ends,
   * and its requests are handled one after another. Throws `unauthenticated`, `data_source_disabled`,
   * `data_source_kind` and the refusals of `requireStanding`.
   */
  async prove(scope: TenantScope, key: ClaimedKey, kind?: DataSourceKind): Promise<DataSource> {
    return (await this.proven(scope, key, kind))[0];
  }

  private async proven(
    scope: TenantScope,
    { token }: ClaimedKey,
    kind: DataSourceKind | undefined,
  ): Promise<readonly [DataSource, Tenant]> {
    const hash = hashToken(token);
    const query = scope.query(DataSource, 'source').andWhere(...presents('source', hash));
    const [tenant, source] = await together([requireStanding(scope), lockedForUpdate(query).getOne()]);
    if (!source || !accepts(source, hash, this.clock.now())) throw keyRefused();
    const context = currentContext();
    if (context) context.actor = { kind: 'data_source', id: source.id };
    if (!source.enabled) throw disabled();
    if (kind && source.kind !== kind) throw otherKind(source);
    return [source, tenant];
  }
}

function nothingAllowed(plan: Plan): DomainError {
  const detail = `What was agreed in addition to the plan "${plan}" allows no requests with alerts.`;
  return new DomainError('too_many_attempts', 'too_many', detail, {}, { 'retry-after': '60' });
}

function disabled(): DomainError {
  const detail = 'This data source is disabled. Enable it: PATCH /api/data-sources/<id> with enabled: true.';
  return new DomainError('data_source_disabled', 'forbidden', detail);
}

function otherKind({ kind }: DataSource): DomainError {
  const detail = `This key belongs to a data source of the kind ${kind}. Send to /api/ingest/${kind}/<key>.`;
  return new DomainError('data_source_kind', 'forbidden', detail);
}
