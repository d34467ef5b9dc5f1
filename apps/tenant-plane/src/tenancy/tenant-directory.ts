import { Database } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { isUuid } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Tenant } from './tenant.entity';

const FRESH_MS = 1000;
const MAX_CACHED = 10_000;
const SERVED = In(['serving', 'frozen']);

/** No name: those have no blank at their ends. */
const ONLY = ' only ';

interface Cached {
  readonly tenant: Tenant | null;
  readonly readAt: number;
}

/** Looks tenants up by id or slug. What is kept is at most a second old: other replicas apply changes, too. */
@Injectable()
export class TenantDirectory {
  private readonly cache = new Map<string, Cached>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Null for one that is not served here: unknown, moved away, or not yet there. */
  find(idOrSlug: string): Promise<Tenant | null> {
    const key = idOrSlug.toLowerCase();
    return this.cached(key, () =>
      this.database.read((manager) =>
        manager.findOneBy(Tenant, isUuid(key) ? { id: key, phase: SERVED } : { slug: key, phase: SERVED }),
      ),
    );
  }

  /** The only tenant there is, or null when there are none or several. */
  only(): Promise<Tenant | null> {
    return this.cached(ONLY, async () => {
      const [first, second] = await this.database.read((manager) =>
        manager.find(Tenant, { where: { phase: SERVED }, take: 2 }),
      );
      return first && !second ? first : null;
    });
  }

  /** After a change was applied. */
  forget(): void {
    this.cache.clear();
  }

  private async cached(key: string, read: () => Promise<Tenant | null>): Promise<Tenant | null> {
    const known = this.cache.get(key);
    const now = this.clock.now().getTime();
    if (known && now - known.readAt < FRESH_MS) return known.tenant;
    const tenant = await read();
    if (this.cache.size >= MAX_CACHED) this.cache.clear();
    this.cache.set(key, { tenant, readAt: now });
    return tenant;
  }
}
