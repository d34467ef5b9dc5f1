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
 * A move freezes its source for at most half of this. After that, the tenant may have moved without this
 * plane knowing.
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

/** Where a named tenant is. */
export interface Whereabouts {
  /** Null for a tenant that is not served here: unknown, moved away, or not yet arrived. */
  readonly served: Tenant | null;
  /** A tenant that lived here, with its present address. Also set while it is on its way back. */
  readonly moved: Tenant | null;
}

const NOWHERE: Whereabouts = { served: null, moved: null };

/** Times are in monotonic milliseconds. */
interface Cached extends Whereabouts {
  readonly freshUntil: number;
  /** When the tenant will have been frozen for too long. */
  readonly closesAt: number;
  /** The turn at which it was cached. */
  readonly keptAt: number;
}

/**
 * Looks tenants up by id or slug. The cache is at most a second old, since other replicas apply changes too.
 * Names given together are looked up and cached together: answers of different ages would seem to disagree
 * while a tenant moves.
 */
@Injectable()
export class TenantDirectory {
  private readonly cache = new BoundedMap<string, Cached>(MAX_CACHED);
  /** Counts events, because the clock may stand still between two of them. */
  private turn = 0;
  private forgottenAt = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Like {@link locate}. */
  async find(idOrSlug: string): Promise<Tenant | null> {
    return (await this.locate([idOrSlug])).served;
  }

  /**
   * The tenant that all these names mean; without a name, the only one. Throws `tenant_frozen` if it has been
   * frozen for so long that it may have moved: users who sign out at its new home must not be able to read
   * here.
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

  /** The number of cached answers. */
  get size(): number {
    return this.cache.size;
  }

  /** Clears the cache after a change was applied. */
  forget(): void {
    this.cache.clear();
    this.forgottenAt = this.turn += 1;
  }

  /** Also caches the answer for each name alone: the next request for it must not get an older answer. */
  private async read(names: readonly string[], now: number): Promise<Cached> {
    const begunAt = (this.turn += 1);
    const which = names.map((name) => (isUuid(name) ? { id: name } : { slug: name }));
    const rows = await this.database.read((manager) => manager.findBy(Tenant, names.length > 0 ? which : {}));
    if (names.length > 1) for (const name of names) await this.keep([name], rows, now, begunAt);
    return this.keep(names, rows, now, begunAt);
  }

  /**
   * Of two overlapping reads, either may have seen the newer rows. So an answer is not cached if another one
   * was, or all were forgotten, since its read began; unless it is never reused: then the rows are read again
   * anyway.
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
   * Another replica may have frozen it. If the clock of a SQLite plane was set back since, the duration is
   * unknown.
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
