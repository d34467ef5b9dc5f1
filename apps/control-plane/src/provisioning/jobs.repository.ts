import { Database, Signals, updateRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull, LessThanOrEqual, Not } from 'typeorm';
import { LIVE_JOB_STATUSES } from './job';
import { ProvisioningJob } from './job.entity';
import { type OperationName } from './operation-rules';

export const LEASE_MS = 15_000;
/** Before a job that was broken off is claimed again. */
const PAUSE_MS = 1000;

/** Another worker holds the job now: whatever this one still wants to write is refused. */
export class LeaseLost extends Error {
  constructor() {
    super('The lease on this job was lost.');
    this.name = 'LeaseLost';
  }
}

/** The job rows: claimed, renewed and written under a fencing number. */
@Injectable()
export class Jobs {
  constructor(
    private readonly database: Database,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {}

  find(id: string): Promise<ProvisioningJob | null> {
    return this.database.read((manager) => manager.findOneBy(ProvisioningJob, { id }));
  }

  /** Null when there is nothing to do, or somebody else does it. */
  claim(id: string, owner: string): Promise<ProvisioningJob | null> {
    return this.database.write(async (manager) => {
      const now = this.clock.now();
      const claimed = {
        leaseOwner: owner,
        leaseExpiresAt: new Date(now.getTime() + LEASE_MS),
        status: 'running',
      } as const;
      const { affected } = await manager
        .createQueryBuilder()
        .update(ProvisioningJob)
        .set({ ...claimed, leaseNumber: () => 'lease_number + 1', dueAt: claimed.leaseExpiresAt })
        .where({ id, status: In([...LIVE_JOB_STATUSES]) })
        .andWhere('(lease_owner is null or lease_expires_at <= :now)', { now })
        .execute();
      return affected ? manager.findOneByOrFail(ProvisioningJob, { id }) : null;
    });
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
      dueAt: this.clock.now(),
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
    const leaseExpiresAt = new Date(this.clock.now().getTime() + LEASE_MS);
    await this.save(job, { leaseExpiresAt, dueAt: leaseExpiresAt });
  }

  /** Lets go of a job that was broken off, so that it is claimed again soon. Does nothing where the lease is lost. */
  async giveBack({ id, leaseOwner, leaseNumber }: ProvisioningJob): Promise<void> {
    const held = { id, leaseOwner: leaseOwner ?? '', leaseNumber, status: In([...LIVE_JOB_STATUSES]) };
    const dueAt = new Date(this.clock.now().getTime() + PAUSE_MS);
    const released = { leaseOwner: null, leaseExpiresAt: null, dueAt };
    await this.database.write((manager) => manager.update(ProvisioningJob, held, released));
  }

  /** Writes as the holder of the lease. Throws {@link LeaseLost} when that is somebody else by now. */
  async save(
    job: ProvisioningJob,
    changes: Partial<ProvisioningJob>,
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

  /** Releases the lease to wait. False when something happened since the job was claimed: then look again. */
  releaseUnlessWoken(job: ProvisioningJob, changes: Partial<ProvisioningJob>): Promise<boolean> {
    return this.database.write(async (manager) => {
      const held = { id: job.id, leaseOwner: job.leaseOwner ?? '', leaseNumber: job.leaseNumber };
      const released = { ...changes, leaseOwner: null, leaseExpiresAt: null, status: 'waiting' } as const;
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
    const where = { status: In([...LIVE_JOB_STATUSES]), dueAt: LessThanOrEqual(this.clock.now()) };
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
