import { type Database, type RowValues, type Signals, insertRow, updateRows } from '@atlas/persistence';
import { type Clock } from '@atlas/platform';
import { type Type } from '@nestjs/common';
import { type EntityManager, type EntityTarget, type FindOptionsWhere, In, IsNull, Not } from 'typeorm';
import { LIVE_JOB_STATUSES } from './job';
import { type JobRow } from './job-row';

export const LEASE_MS = 15_000;
/** How long a released job waits until it is due again. */
const PAUSE_MS = 1000;
/** How long a new job waits until the sweep first checks it, if nothing wakes it sooner. */
const UNNOTICED_MS = 5000;

/** Another worker holds the job now, so this worker can no longer write to the job. */
export class LeaseLost extends Error {
  constructor() {
    super('The lease on this job was lost.');
    this.name = 'LeaseLost';
  }
}

/**
 * Claims, renews and writes job rows under a fencing number. Leases and due
 * times follow the database's clock, so a process whose clock is ahead neither
 * takes jobs from other processes nor keeps its own jobs after it dies.
 *
 * An application extends this class. If jobs are visible only within their
 * tenant's scope, it overrides {@link read}, {@link write} and {@link due}, and
 * finds the due jobs in a table that has only ids and times.
 */
export abstract class Jobs<J extends JobRow = JobRow> {
  /** How many ms the database's clock is ahead of this process's, as measured when each job was claimed. */
  private readonly offsets = new WeakMap<JobRow, number>();
  /** The table, typed without `J` because TypeORM's types do not accept a type parameter. */
  private readonly rows: EntityTarget<JobRow>;

  constructor(
    entity: Type<J>,
    protected readonly database: Database,
    protected readonly signals: Signals,
    protected readonly clock: Clock,
  ) {
    this.rows = entity;
  }

  /** Runs `work` in a read transaction that sees the job's row. */
  read<T>(_jobId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.read(work);
  }

  /** Runs `work` in a write transaction that sees the job's row. */
  write<T>(_jobId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.write(work);
  }

  /**
   * The ids of due jobs that no worker is running because their
   * worker died, their wait ended or a wake-up was lost.
   */
  async due(limit: number): Promise<string[]> {
    const where = { status: In([...LIVE_JOB_STATUSES]), dueAt: this.database.isPast() };
    const jobs = await this.database.read((manager) =>
      manager.find(this.rows, { where, select: { id: true }, order: { dueAt: 'ASC' }, take: limit }),
    );
    return jobs.map((job) => job.id);
  }

  find(id: string): Promise<J | null> {
    return this.read(id, (manager) => this.findRow(manager, { id }));
  }

  insert(manager: EntityManager, job: J): Promise<void> {
    return insertRow(manager, this.rows, { ...job, dueAt: this.in(UNNOTICED_MS) });
  }

  /** Inserts a job that already waits, until a time on this process's clock. */
  insertWaiting(manager: EntityManager, job: J, until: Date): Promise<void> {
    return insertRow(manager, this.rows, { ...job, ...this.waiting(job, until) });
  }

  /** Null if the job has finished or another worker holds it. */
  claim(id: string, owner: string): Promise<J | null> {
    return this.write(id, async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(this.rows)
        .set({
          leaseOwner: owner,
          status: 'running',
          leaseNumber: () => 'lease_number + 1',
          leaseExpiresAt: this.in(LEASE_MS),
          dueAt: this.in(LEASE_MS),
        })
        .where({ id, status: In([...LIVE_JOB_STATUSES]) })
        .andWhere(`(lease_owner is null or lease_expires_at <= ${this.database.fromNow(0)})`)
        .execute();
      if (!affected) return null;
      const job = await this.findRow(manager, { id });
      if (!job) return null;
      // The lease started at the database's current time, so no other statement is needed to read that time.
      this.noteClock(job, new Date(Number(job.leaseExpiresAt) - LEASE_MS));
      return job;
    });
  }

  /** Remembers how far the database's clock is ahead, for the times of this job. */
  noteClock(job: JobRow, sharedNow: Date): void {
    this.offsets.set(job, sharedNow.getTime() - this.clock.now().getTime());
  }

  /** The time on the database's clock, which all times of the job's steps use. */
  now(job: JobRow): Date {
    return new Date(this.clock.now().getTime() + this.offsetOf(job));
  }

  /** Converts a time on the database's clock to this process's clock. */
  here(job: JobRow, shared: Date): Date {
    return new Date(shared.getTime() - this.offsetOf(job));
  }

  /**
   * SQLite has only one process, so a lease found at start-up belongs
   * to its dead predecessor. On Postgres, leases expire.
   */
  async takeOverFromPredecessor(): Promise<void> {
    if (this.database.driver !== 'sqlite') return;
    await this.database.write((manager) =>
      manager
        .createQueryBuilder()
        .update(this.rows)
        .set({
          leaseOwner: null,
          leaseExpiresAt: null,
          leaseNumber: () => 'lease_number + 1',
          dueAt: this.in(0),
        })
        .where({ leaseOwner: Not(IsNull()) })
        .execute(),
    );
  }

  async renew(job: J): Promise<void> {
    await this.save(job, { leaseExpiresAt: this.in(LEASE_MS), dueAt: this.in(LEASE_MS) });
  }

  /**
   * Releases an unfinished job, so that another worker soon claims the job. False if this worker no longer
   * holds the job.
   */
  async giveBack(job: J): Promise<boolean> {
    const held = { ...heldBy(job), status: In([...LIVE_JOB_STATUSES]) };
    const released = { leaseOwner: null, leaseExpiresAt: null, dueAt: this.in(PAUSE_MS) };
    const affected = await this.write(job.id, (manager) => updateRows(manager, this.rows, held, released));
    return affected > 0;
  }

  /** Writes as the holder of the lease. @throws LeaseLost when another worker holds it. */
  async save(job: J, changes: RowValues<JobRow>, manager?: EntityManager): Promise<void> {
    const write = async (transaction: EntityManager): Promise<void> => {
      if (!(await updateRows(transaction, this.rows, heldBy(job), changes))) throw new LeaseLost();
      this.signals.publish(topicOf(job.id));
    };
    await (manager ? write(manager) : this.write(job.id, write));
  }

  /** Keeps the lease until the transaction ends. @throws LeaseLost when another worker holds it. */
  async hold(job: J, manager: EntityManager): Promise<void> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(this.rows)
      .set({ leaseNumber: () => 'lease_number' })
      .where(heldBy(job))
      .execute();
    if (!affected) throw new LeaseLost();
  }

  /**
   * Releases the lease until a time on this process's clock. False if the job must be checked again, because
   * it has been woken since it was claimed.
   */
  async releaseUnlessWoken(job: J, until: Date, manager?: EntityManager): Promise<boolean> {
    const release = async (transaction: EntityManager): Promise<boolean> => {
      const released = { leaseOwner: null, leaseExpiresAt: null, ...this.waiting(job, until) };
      if (await updateRows(transaction, this.rows, { ...heldBy(job), wakes: job.wakes }, released)) {
        this.signals.publish(topicOf(job.id));
        return true;
      }
      const now = await this.findRow(transaction, heldBy(job));
      if (!now) throw new LeaseLost();
      job.wakes = now.wakes;
      return false;
    };
    return manager ? release(manager) : this.write(job.id, release);
  }

  /** Makes a job that no worker holds wait until a time on this process's clock. */
  wait(manager: EntityManager, job: J, until: Date): Promise<void> {
    return this.saveFree(manager, job, this.waiting(job, until));
  }

  /** Writes a job that no worker holds, and whose row this transaction has locked. */
  async saveFree(manager: EntityManager, { id }: J, changes: RowValues<JobRow>): Promise<void> {
    const affected = await updateRows(manager, this.rows, { id, leaseOwner: IsNull() }, changes);
    if (affected === 0) throw new LeaseLost();
    this.signals.publish(topicOf(id));
  }

  /** What the row of a job contains that waits until a time on this process's clock. */
  private waiting(job: JobRow, until: Date): RowValues<JobRow> {
    const dueAt = this.in(until.getTime() - this.clock.now().getTime());
    return { status: 'waiting', steps: job.steps, error: job.error, dueAt };
  }

  private async findRow(manager: EntityManager, where: FindOptionsWhere<JobRow>): Promise<J | null> {
    // The rows of this entity have type J.
    return (await manager.findOneBy(this.rows, where)) as J | null;
  }

  private offsetOf(job: JobRow): number {
    return this.offsets.get(job) ?? 0;
  }

  /** SQL for the time that is `ms` milliseconds from now on the database's clock. */
  protected in(ms: number): () => string {
    return () => this.database.fromNow(ms / 1000);
  }
}

function heldBy({ id, leaseOwner, leaseNumber }: JobRow): FindOptionsWhere<JobRow> {
  return { id, leaseOwner: leaseOwner ?? '', leaseNumber };
}

/** The topic to which a signal is published whenever the job's row changes. */
export function topicOf(jobId: string): string {
  return `job:${jobId}`;
}
