import { randomUUID } from 'node:crypto';
import { type Database, lockedForShare } from '@atlas/persistence';
import { type Clock } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { PlaneIdentity } from './plane-identity.entity';

const ONLY = { id: 1 };
/** Another replica that does not speak for this long has died. */
const LEASE_MS = 10_000;

/** Another replica has taken over, or the Control Plane wants something else by now: nothing was written. */
export class Superseded extends Error {}

/**
 * Throws {@link Superseded} in a transaction whose writes are out of date. Call it last: what it locks stays locked until
 * the commit, so that nobody takes over in between, and no longer.
 */
export type Fence = (manager: EntityManager) => Promise<void>;

/** For databases that nobody else writes to. */
export const unfenced: Fence = () => Promise.resolve();

/**
 * Which of the replicas talks to the Control Plane. Each claim has a name of its own, so that a process that lost the lease
 * unawares, and took it again, does not take what it was doing before for the holder's work. It ends by the time that the
 * replicas share: the clock of one that died may have been ahead.
 */
export class LinkLease {
  private claim: string | null = null;
  /** The next claim: asked for again under the same name when nobody knows whether it was stored. */
  private next = randomUUID();
  /** In monotonic milliseconds. */
  private givesWayUntil = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Renews the lease, or takes it if it is free: `prepare` is done before anything is written under a new claim. */
  async hold(prepare: () => Promise<void>): Promise<'renewed' | 'taken' | 'elsewhere'> {
    if (this.clock.monotonicMs() < this.givesWayUntil) return 'elsewhere';
    if (this.claim !== null) {
      if (await this.put(this.claim, 'lease_owner = :claim')) return 'renewed';
      this.claim = null;
      this.next = randomUUID();
    }
    const isFree = `(lease_owner is null or lease_owner = :claim or lease_expires_at <= ${this.database.fromNow(0)})`;
    // A SQLite file has one process, and who held it before is gone.
    if (!(await this.put(this.next, this.database.driver === 'sqlite' ? '1 = 1' : isFree)))
      return 'elsewhere';
    await prepare();
    this.claim = this.next;
    return 'taken';
  }

  /**
   * Takes it from whoever holds it, in a transaction of the caller's: what that one was told is no longer applied. It is not
   * renewed, so it is for a command, which ends soon.
   */
  async takeOver(): Promise<void> {
    this.claim = this.next;
    await this.put(this.claim, '1 = 1');
  }

  async release(): Promise<void> {
    if (this.claim === null) return;
    const nobody = { leaseOwner: null, leaseExpiresAt: null };
    const own = { ...ONLY, leaseOwner: this.claim };
    await this.database.write((manager) => manager.update(PlaneIdentity, own, nobody));
  }

  /** Releases the lease, and leaves it to other replicas for a while. */
  async giveWay(forMs: number): Promise<void> {
    await this.release();
    this.givesWayUntil = this.clock.monotonicMs() + forMs;
  }

  /** For all that comes of the lease as it is held now: the answer to a question that is asked now, a transfer that begins. */
  fence(): Fence {
    const { claim, database } = this;
    return async (manager) => {
      if (database.driver === 'sqlite') return;
      const held = { ...ONLY, leaseOwner: claim ?? 'nobody' };
      const query = manager.createQueryBuilder(PlaneIdentity, 'identity').where(held);
      if (!(await lockedForShare(query).getOne()))
        throw new Superseded('Another replica talks to the Control Plane by now.');
    };
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
