import { Database, tenantFrozen } from '@atlas/persistence';
import { BoundedMap, Clock } from '@atlas/platform';
import { canNameTenant, isUuid } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type FindOptionsWhere, In, IsNull, Not } from 'typeorm';
import { Tenant } from './tenant.entity';

const FRESH_MS = 1000;
const MAX_CACHED = 10_000;
/** A move freezes its source for at most half of this. After that, the tenant may have moved without this plane hearing of it. */
const MAX_FROZEN_MS = 60_000;
const AT_HOME = In(['serving', 'frozen']);
/** Also while it is on its way back. */
const AWAY = In(['retired', 'importing']);

/**
 * One whose move here is complete can be read although the Control Plane has yet to say that this is its home: so no read
 * fails in between. Its copy is frozen until then.
 */
export const served = (which: FindOptionsWhere<Tenant>): FindOptionsWhere<Tenant>[] => [
  { ...which, phase: AT_HOME },
  { ...which, phase: 'importing', importedTransferId: Not(IsNull()) },
];

/** No name: those have no blank at their ends. */
const ONLY = ' only ';

/** In monotonic milliseconds. */
interface Cached {
  readonly tenant: Tenant | null;
  readonly readAt: number;
  /** When it will have been frozen for too long. */
  readonly closesAt: number;
}

/** Looks tenants up by id or slug. What is kept is at most a second old: other replicas apply changes, too. */
@Injectable()
export class TenantDirectory {
  private readonly cache = new BoundedMap<string, Cached>(MAX_CACHED);

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Null for a tenant that is not served here: unknown, moved away, or not yet arrived. Throws `tenant_frozen` for one that has
   * been frozen for so long that it may have moved: users who sign out at its new home must not be able to read here.
   */
  async find(idOrSlug: string): Promise<Tenant | null> {
    const key = idOrSlug.toLowerCase();
    if (!canNameTenant(key)) return null;
    return this.cached(key, () =>
      this.database.read((manager) =>
        manager.findOneBy(Tenant, served(isUuid(key) ? { id: key } : { slug: key })),
      ),
    );
  }

  /** The only tenant there is, or null when there are none or several. */
  only(): Promise<Tenant | null> {
    return this.cached(ONLY, async () => {
      const [first, second] = await this.database.read((manager) =>
        manager.find(Tenant, { where: served({}), take: 2 }),
      );
      return first && !second ? first : null;
    });
  }

  /** One that lived here, and where it lives now. Without a name: the only one that did. */
  async moved(idOrSlug: string | undefined): Promise<Tenant | null> {
    const key = idOrSlug?.toLowerCase();
    if (key !== undefined && !canNameTenant(key)) return null;
    return this.cached(`moved ${key ?? ''}`, async () => {
      const which = key === undefined ? {} : isUuid(key) ? { id: key } : { slug: key };
      const where = { ...which, phase: AWAY, movedTo: Not(IsNull()) };
      const [first, second] = await this.database.read((manager) => manager.find(Tenant, { where, take: 2 }));
      return first && !second ? first : null;
    });
  }

  /** How many answers are kept. */
  get size(): number {
    return this.cache.size;
  }

  /** After a change was applied. */
  forget(): void {
    this.cache.clear();
  }

  private async cached(key: string, read: () => Promise<Tenant | null>): Promise<Tenant | null> {
    const now = this.clock.monotonicMs();
    let known = this.cache.get(key);
    if (!known || now - known.readAt >= FRESH_MS) {
      const tenant = await read();
      known = { tenant, readAt: now, closesAt: now + (await this.openForMs(tenant)) };
      this.cache.set(key, known);
    }
    if (now > known.closesAt) throw tenantFrozen();
    return known.tenant;
  }

  /** Another replica may have frozen it. On SQLite the clock may have been put back since: then nobody knows for how long. */
  private async openForMs(tenant: Tenant | null): Promise<number> {
    if (!tenant?.frozenAt) return Infinity;
    const now = await this.database.now();
    const frozenMs = now.getTime() - tenant.frozenAt.getTime();
    return frozenMs < 0 ? -1 : MAX_FROZEN_MS - frozenMs;
  }
}
