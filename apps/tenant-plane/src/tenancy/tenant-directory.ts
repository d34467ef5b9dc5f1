import { Database, tenantFrozen } from '@atlas/persistence';
import { type PlacementPhase } from '@atlas/plane-contract';
import { BoundedMap, Clock } from '@atlas/platform';
import { canNameTenant, isUuid } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type FindOptionsWhere, In, IsNull, Not } from 'typeorm';
import { Tenant } from './tenant.entity';

const FRESH_MS = 1000;
const MAX_CACHED = 10_000;
/**
 * A move freezes its source for at most half this time. After the full time, the tenant may have moved
 * without this plane knowing.
 */
const MAX_FROZEN_MS = 60_000;
const AT_HOME: readonly PlacementPhase[] = ['serving', 'frozen'];

/**
 * A tenant whose move here is complete can be read before the Control Plane confirms its new home, so that no
 * read fails in between. Its copy is frozen until then.
 */
export const served = (which: FindOptionsWhere<Tenant>): FindOptionsWhere<Tenant>[] => [
  { ...which, phase: In(AT_HOME) },
  { ...which, phase: 'importing', importedTransferId: Not(IsNull()) },
];

/** Like {@link served}, for a row already read. */
const isServed = ({ phase, importedTransferId }: Tenant): boolean =>
  AT_HOME.includes(phase) || (phase === 'importing' && importedTransferId !== null);

/** Where a tenant is served. */
export interface Whereabouts {
  /** Null for a tenant that is not served here: unknown, moved away, or not yet arrived. */
  readonly served: Tenant | null;
  /** A tenant that was served here, with its current address. Also set while the tenant is moving back. */
  readonly moved: Tenant | null;
}

const NOWHERE: Whereabouts = { served: null, moved: null };

/** Times are in milliseconds on the monotonic clock. */
interface Cached extends Whereabouts {
  readonly freshUntil: number;
  /** The time from which the tenant can no longer be read, because it has been frozen for too long. */
  readonly closesAt: number;
  /** The value of `turn` when this was cached. */
  readonly keptAt: number;
}

/**
 * Looks tenants up by ID or slug. The cache is at most a second old, because other replicas apply changes
 * too. Names given together are looked up and cached together, because results of different ages could
 * disagree while a tenant moves.
 */
@Injectable()
export class TenantDirectory {
  private readonly cache = new BoundedMap<string, Cached>(MAX_CACHED);
  /** Orders events, because two of them may have the same timestamp. */
  private turn = 0;
  private forgottenAt = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Like {@link locate}, but finds only a tenant that is served here. */
  async find(idOrSlug: string): Promise<Tenant | null> {
    return (await this.locate([idOrSlug])).served;
  }

  /**
   * The tenant that all these names refer to; without a name, the plane's only tenant. Throws `tenant_frozen`
   * if the tenant has been frozen for so long that it may have moved, because users who sign out at its new
   * home must not be able to read here.
   */
  async locate(idsOrSlugs: readonly string[]): Promise<Whereabouts> {
    const names = [...new Set(idsOrSlugs.map((name) => name.toLowerCase()))];
    if (!names.every(canNameTenant)) return NOWHERE;
    const now = this.clock.monotonicMs();
    const kept = this.cache.get(keyOf(names));
    const known = kept && now < kept.freshUntil ? kept : await this.read(names, now);
    if (now > known.closesAt) throw tenantFrozen();
    return known;
  }

  /** The number of cached results. */
  get size(): number {
    return this.cache.size;
  }

  /** Clears the cache after a change has been applied. */
  forget(): void {
    this.cache.clear();
    this.forgottenAt = this.turn += 1;
  }

  /**
   * Also caches the result for each name alone, because the next request for that name must not get an older
   * result.
   */
  private async read(names: readonly string[], now: number): Promise<Cached> {
    const begunAt = (this.turn += 1);
    const which = names.map((name) => (isUuid(name) ? { id: name } : { slug: name }));
    const rows = await this.database.read((manager) => manager.findBy(Tenant, names.length > 0 ? which : {}));
    if (names.length > 1) for (const name of names) await this.keep([name], rows, now, begunAt);
    return this.keep(names, rows, now, begunAt);
  }

  /**
   * When two reads overlap, either of them may have seen the newer rows. So a result is not cached if another
   * result was cached, or the cache was cleared, after the read began. A result that is never reused is
   * cached anyway, because every lookup reads the rows again.
   */
  private async keep(
    names: readonly string[],
    rows: readonly Tenant[],
    now: number,
    begunAt: number,
  ): Promise<Cached> {
    const named = rows.filter(({ id, slug }) => names.every((name) => name === id || name === slug));
    const here = named.filter(isServed);
    const away = named.filter((tenant) => !isServed(tenant) && tenant.movedTo !== null);
    const served = names.length > 0 ? (here[0] ?? null) : sole(here);
    // A tenant that is not served here may return at any moment, and its other home then redirects users
    // here.
    const isLasting = served !== null || named.length === 0;
    const closesAt = now + (await this.openForMs(served));
    const key = keyOf(names);
    const isLatest = begunAt > Math.max(this.forgottenAt, this.cache.get(key)?.keptAt ?? 0);
    const cached = {
      served,
      moved: sole(away),
      freshUntil: isLasting ? now + FRESH_MS : now,
      closesAt,
      keptAt: (this.turn += 1),
    };
    if (isLatest || !isLasting) this.cache.set(key, cached);
    return cached;
  }

  /**
   * How long the tenant can still be read. Another replica may have frozen it. If the clock of a SQLite plane
   * was set back since the freeze, the duration is unknown.
   */
  private async openForMs(tenant: Tenant | null): Promise<number> {
    if (!tenant?.frozenAt) return Infinity;
    const now = await this.database.now();
    const frozenMs = now.getTime() - tenant.frozenAt.getTime();
    return frozenMs < 0 ? -1 : MAX_FROZEN_MS - frozenMs;
  }
}

/** Names contain no spaces. */
function keyOf(names: readonly string[]): string {
  return names.join(' ');
}

function sole(tenants: readonly Tenant[]): Tenant | null {
  return tenants.length === 1 ? (tenants[0] ?? null) : null;
}
