import { Database, type RowValues, Signals, insertRow, updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull, Not } from 'typeorm';
import { tenantSlugs } from '../tenants/tenant-slugs';
import { LIVE_JOB_STATUSES } from './job';
import { ProvisioningJob } from './job.entity';
import { type JobView, jobView } from './job.view';
import { type OperationName } from './operation-rules';

export const LEASE_MS = 15_000;
/** Before a job that was broken off is claimed again. */
const PAUSE_MS = 1000;
/** The sweep looks at a job that nobody was woken for after this long. */
const UNNOTICED_MS = 5000;

/** Another worker holds the job now: whatever this one still wants to write is refused. */
export class LeaseLost extends Error {
  constructor() {
    super('The lease on this job was lost.');
    this.name = 'LeaseLost';
  }
}

/**
 * The job rows: claimed, renewed and written under a fencing number. When a lease ends, and when a job is due, goes by the
 * time that all processes share: one whose clock is ahead takes no job from others, and keeps none from them when it dies.
 */
@Injectable()
export class Jobs {
  /** By how many ms the shared time is ahead of this process's clock, as found when each job was claimed. */
  private readonly offsets = new WeakMap<ProvisioningJob, number>();

  constructor(
    private readonly database: Database,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {}

  find(id: string): Promise<ProvisioningJob | null> {
    return this.database.read((manager) => manager.findOneBy(ProvisioningJob, { id }));
  }

  insert(manager: EntityManager, job: ProvisioningJob): Promise<void> {
    return insertRow(manager, ProvisioningJob, { ...job, dueAt: this.in(UNNOTICED_MS) });
  }

  /** Null when there is nothing to do, or somebody else does it. */
  claim(id: string, owner: string): Promise<ProvisioningJob | null> {
    return this.database.write(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(ProvisioningJob)
        .set({
          ...{ leaseOwner: owner, status: 'running', leaseNumber: () => 'lease_number + 1' },
          ...this.leased(),
        })
        .where({ id, status: In([...LIVE_JOB_STATUSES]) })
        .andWhere(`(lease_owner is null or lease_expires_at <= ${this.database.fromNow(0)})`)
        .execute();
      if (!affected) return null;
      const job = await manager.findOneByOrFail(ProvisioningJob, { id });
      // When the lease began. Costs no statement of its own.
      const sharedNow = Number(job.leaseExpiresAt) - LEASE_MS;
      this.offsets.set(job, sharedNow - this.clock.now().getTime());
      return job;
    });
  }

  /** The shared time, for the process that has claimed the job. All times of its steps are of this kind. */
  now(job: ProvisioningJob): Date {
    return new Date(this.clock.now().getTime() + this.offsetOf(job));
  }

  /** A shared time as this process's clock tells it. */
  here(job: ProvisioningJob, shared: Date): Date {
    return new Date(shared.getTime() - this.offsetOf(job));
  }

  /**
   * On SQLite there is one process: a lease that is held when it starts is its dead predecessor's. Elsewhere leases
   * expire.
   */
  async takeOverFromPredecessor(): Promise<void> {
    if (this.database.driver !== 'sqlite') return;
    const released = {
      leaseOwner: null,
      leaseExpiresAt: null,
      leaseNumber: () => 'lease_number + 1',
      dueAt: this.in(0),
    };
    await this.database.write((manager) =>
      manager
        .createQueryBuilder()
        .update(ProvisioningJob)
        .set(released)
        .where({ leaseOwner: Not(IsNull()) })
        .execute(),
    );
  }

  async renew(job: ProvisioningJob): Promise<void> {
    await this.save(job, this.leased());
  }

  /** Lets go of a job that was broken off, so that it is claimed again soon. False if this worker no longer holds it. */
  async giveBack({ id, leaseOwner, leaseNumber }: ProvisioningJob): Promise<boolean> {
    const held = { id, leaseOwner: leaseOwner ?? '', leaseNumber, status: In([...LIVE_JOB_STATUSES]) };
    const released = { leaseOwner: null, leaseExpiresAt: null, dueAt: this.in(PAUSE_MS) };
    const affected = await this.database.write((manager) =>
      updateRows(manager, ProvisioningJob, held, released),
    );
    return affected > 0;
  }

  /** Writes as the holder of the lease. Throws {@link LeaseLost} when that is somebody else by now. */
  async save(
    job: ProvisioningJob,
    changes: RowValues<ProvisioningJob>,
    manager?: EntityManager,
  ): Promise<void> {
    const write = async (transaction: EntityManager): Promise<void> => {
      const held = { id: job.id, leaseOwner: job.leaseOwner ?? '', leaseNumber: job.leaseNumber };
      if (!(await updateRows(transaction, ProvisioningJob, held, changes))) throw new LeaseLost();
      this.signals.publish(topicOf(job.id));
    };
    await (manager ? write(manager) : this.database.write(write));
  }

  /** Throws {@link LeaseLost} unless the lease is held, and keeps it until the transaction's end. */
  async hold(job: ProvisioningJob, manager: EntityManager): Promise<void> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(ProvisioningJob)
      .set({ leaseNumber: () => 'lease_number' })
      .where({ id: job.id, leaseOwner: job.leaseOwner ?? '', leaseNumber: job.leaseNumber })
      .execute();
    if (!affected) throw new LeaseLost();
  }

  /** Ends what is in work at a tenant, or at a tenant plane, for good: whoever works on it loses the lease. */
  async supersede(
    manager: EntityManager,
    subject:
      { readonly tenantId: string } | { readonly tenantPlaneId: string; readonly operation?: OperationName },
    operation: string,
  ): Promise<void> {
    const where = { ...subject, status: In([...LIVE_JOB_STATUSES]) };
    const live = await manager.find(ProvisioningJob, { where, select: { id: true } });
    const detail = `Another operation came before it: ${operation}.`;
    const ended = { status: 'cancelled', leaseOwner: null, leaseExpiresAt: null } as const;
    await manager
      .createQueryBuilder()
      .update(ProvisioningJob)
      .set({
        ...ended,
        error: {
          ...{ code: 'superseded', detail, class: 'fatal' as const },
          fix: 'Nobody has to act: the other operation goes on.',
        },
        leaseNumber: () => 'lease_number + 1',
        finishedAt: this.clock.now(),
      })
      .where(where)
      .execute();
    for (const { id } of live) this.signals.publish(topicOf(id));
  }

  /**
   * Releases the lease to wait until a time by this process's clock. False when something happened since the job was claimed:
   * then look again.
   */
  releaseUnlessWoken(job: ProvisioningJob, until: Date): Promise<boolean> {
    return this.database.write(async (manager) => {
      const held = { id: job.id, leaseOwner: job.leaseOwner ?? '', leaseNumber: job.leaseNumber };
      const released = {
        ...{ leaseOwner: null, leaseExpiresAt: null, status: 'waiting' as const, steps: job.steps },
        dueAt: this.in(until.getTime() - this.clock.now().getTime()),
      };
      if (await updateRows(manager, ProvisioningJob, { ...held, wakes: job.wakes }, released)) {
        this.signals.publish(topicOf(job.id));
        return true;
      }
      const now = await manager.findOneBy(ProvisioningJob, held);
      if (!now) throw new LeaseLost();
      job.wakes = now.wakes;
      return false;
    });
  }

  /** Jobs that nobody works on although it is time: their worker died, their wait is over, or a wake-up was lost. */
  async due(limit: number): Promise<string[]> {
    const where = { status: In([...LIVE_JOB_STATUSES]), dueAt: this.database.isPast() };
    const jobs = await this.database.read((manager) =>
      manager.find(ProvisioningJob, { where, select: { id: true }, order: { dueAt: 'ASC' }, take: limit }),
    );
    return jobs.map((job) => job.id);
  }

  async list(filter: {
    tenantId?: string;
    tenantPlaneId?: string;
    parentId?: string;
    status?: string;
    after?: string;
    limit: number;
  }): Promise<ProvisioningJob[]> {
    return this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(ProvisioningJob, 'job')
        .orderBy('job.id', 'DESC')
        .take(filter.limit);
      const { tenantId, tenantPlaneId, parentId } = filter;
      if (tenantId) query.andWhere('job.tenantId = :tenantId', { tenantId });
      if (tenantPlaneId) query.andWhere('job.tenantPlaneId = :tenantPlaneId', { tenantPlaneId });
      if (parentId) query.andWhere('job.parentId = :parentId', { parentId });
      if (filter.status) query.andWhere('job.status = :status', { status: filter.status });
      if (filter.after) query.andWhere('job.id < :after', { after: filter.after });
      return query.getMany();
    });
  }

  async view(job: ProvisioningJob): Promise<JobView> {
    return (await this.viewer([job]))(job);
  }

  /** Views these jobs, with the slugs of their tenants. */
  async viewer(jobs: readonly ProvisioningJob[]): Promise<(job: ProvisioningJob) => JobView> {
    const ids = jobs.map(({ tenantId }) => tenantId);
    const slugs = await this.database.read((manager) => tenantSlugs(manager, ids));
    return (job) => jobView(job, slugs.get(job.tenantId) ?? null);
  }

  private offsetOf(job: ProvisioningJob): number {
    return this.offsets.get(job) ?? 0;
  }

  private leased(): RowValues<ProvisioningJob> {
    return { leaseExpiresAt: this.in(LEASE_MS), dueAt: this.in(LEASE_MS) };
  }

  /** By the time that all processes share. */
  private in(ms: number): () => string {
    return () => this.database.fromNow(ms / 1000);
  }
}

export function topicOf(jobId: string): string {
  return `job:${jobId}`;
}

/** What the tenant was, and where it lived, is in its params. */
export function lastDeprovisioning(
  manager: EntityManager,
  tenantId: string,
): Promise<ProvisioningJob | null> {
  const where = { tenantId, operation: 'deprovision', status: 'succeeded' } as const;
  return manager.findOne(ProvisioningJob, { where, order: { id: 'DESC' } });
}
