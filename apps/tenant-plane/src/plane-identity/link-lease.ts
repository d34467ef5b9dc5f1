import { randomUUID } from 'node:crypto';
import { type Database, lockedForShare } from '@atlas/persistence';
import { type Clock } from '@atlas/platform';
import { Superseded } from './fence';
import { LinkClaim } from './link-claim';
import { PlaneIdentity } from './plane-identity.entity';

const ONLY = { id: 1 };
/** A replica that has not renewed its lease for this long counts as dead. */
const LEASE_MS = 10_000;

/**
 * Decides which replica talks to the Control Plane. Each claim has its own name, so that work begun under an
 * earlier claim is refused, even if the process lost the lease without noticing and then took it again. The
 * lease expires by the replicas' shared clock, because a dead replica's clock may have been ahead.
 */
export class LinkLease {
  private current: LinkClaim;
  /**
   * The name of the next claim. If it is unknown whether the name was stored, the next attempt uses the same
   * name.
   */
  private next = randomUUID();
  /** In milliseconds on the monotonic clock. */
  private givesWayUntil = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    this.current = this.claimOf(null);
  }

  /**
   * The current claim. Read it only once for work that belongs together, because the claim may end at any
   * time.
   */
  get claim(): LinkClaim {
    return this.current;
  }

  /**
   * Renews the lease, or takes it if it is free. `prepare` runs before anything is written under a new claim.
   */
  async hold(prepare: () => Promise<void>): Promise<'renewed' | 'taken' | 'elsewhere'> {
    if (this.clock.monotonicMs() < this.givesWayUntil) return 'elsewhere';
    const { name } = this.claim;
    if (name !== null) {
      if (await this.put(name, 'lease_owner = :claim')) return 'renewed';
      this.drop();
    }
    const hasExpired = `lease_expires_at <= ${this.database.fromNow(0)}`;
    const isFree = `(lease_owner is null or lease_owner = :claim or ${hasExpired})`;
    // Only one process can use a SQLite file, so any earlier holder has exited.
    if (!(await this.put(this.next, this.database.driver === 'sqlite' ? '1 = 1' : isFree)))
      return 'elsewhere';
    await prepare();
    this.begin(this.next);
    return 'taken';
  }

  /**
   * Takes the lease from its holder in the caller's transaction, so that the holder can no longer apply
   * anything that it has received. Only for one-off commands, because the lease is not renewed.
   */
  async takeOver(): Promise<void> {
    this.begin(this.next);
    await this.put(this.next, '1 = 1');
  }

  async release(): Promise<void> {
    const { name } = this.claim;
    if (name === null) return;
    const nobody = { leaseOwner: null, leaseExpiresAt: null };
    const own = { ...ONLY, leaseOwner: name };
    await this.database.write((manager) => manager.update(PlaneIdentity, own, nobody));
    this.drop();
  }

  /** Releases the lease, and leaves it to other replicas for a while. */
  async giveWay(forMs: number): Promise<void> {
    await this.release();
    this.givesWayUntil = this.clock.monotonicMs() + forMs;
  }

  private drop(): void {
    this.next = randomUUID();
    this.begin(null);
  }

  private begin(name: string | null): void {
    this.current.end();
    this.current = this.claimOf(name);
  }

  private claimOf(name: string | null): LinkClaim {
    return new LinkClaim(name, async (manager) => {
      if (this.database.driver === 'sqlite') return;
      const held = { ...ONLY, leaseOwner: name ?? 'nobody' };
      const query = manager.createQueryBuilder(PlaneIdentity, 'identity').select('identity.id').where(held);
      if (!(await lockedForShare(query).getRawOne()))
        throw new Superseded('Another replica now talks to the Control Plane.');
    });
  }

  private put(claim: string, condition: string): Promise<boolean> {
    return this.database.write(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(PlaneIdentity)
        .set({ leaseOwner: claim, leaseExpiresAt: () => this.database.fromNow(LEASE_MS / 1000) })
        .where(ONLY)
        .andWhere(condition, { claim })
        .execute();
      return affected === 1;
    });
  }
}
