import { WARM_POOL_STEPS } from '@atlas/deployment-profiles';
import { FAILED_JOB_STATUSES, LIVE_JOB_STATUSES } from '@atlas/jobs';
import { Database, takeLocks } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, Not } from 'typeorm';
import { Audit } from '../../audit/audit';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { QUEUED_LOCKS } from '../../database/queued-locks';
import { WarmPool } from '../../enrolment/warm-pool';
import { PlaneWatch } from '../../fleet/plane-watch';
import { JobStarter } from '../../provisioning-jobs/job-starter';
import { ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';
import { lockPlane } from '../../registry/plane-lock';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { type PoolCounts, type PooledPlane, SILENT_MS, toBegin, toRemove } from './pool-counts';

/** More failures in a row make no difference. */
const REMEMBERED = 10;

/** Keeps the wanted number of planes ready. Any process may run a round at any time. */
@Injectable()
export class PoolRounds {
  constructor(
    private readonly database: Database,
    private readonly pool: WarmPool,
    private readonly watch: PlaneWatch,
    private readonly starter: JobStarter,
    private readonly audit: Audit,
    private readonly config: ControlPlaneConfig,
  ) {}

  async sweep(): Promise<void> {
    if (isSettled(await this.database.read((manager) => this.counts(manager)))) return;
    await this.database.write((manager) => this.tend(manager));
  }

  /** Counts the pool, with one query if no planes are wanted and there are none. */
  async counts(manager: EntityManager): Promise<PoolCounts> {
    const { DEDICATED_POOL_SIZE: size, DEDICATED_POOL_REGION: region = null } = this.config;
    const { tenantPlaneVersion: version, dedicatedDatabase: database } = this.config;
    const planes = await manager
      .createQueryBuilder(TenantPlane, 'plane')
      // This condition matches the partial index.
      .where("plane.poolState = 'pooled' and plane.status <> 'retired'")
      .orderBy('plane.id')
      .getMany();
    const isUsed = size > 0 || planes.length > 0;
    return {
      wanted: { size, version, region, database },
      now: isUsed ? await this.database.now() : new Date(0),
      hasListened: this.watch.listensForMs() >= SILENT_MS,
      planes: await this.withJobs(manager, planes),
      ended: isUsed ? await endedJobs(manager, version) : [],
    };
  }

  /** Keeps other processes from changing the pool until the transaction ends. */
  lock(manager: EntityManager): Promise<void> {
    return takeLocks(manager, { lockClass: QUEUED_LOCKS.warmPool, ids: ['dedicated'] });
  }

  /** Counts again and begins jobs in one transaction under the lock, so that there are never too many. */
  private async tend(manager: EntityManager): Promise<void> {
    await this.lock(manager);
    const counts = await this.counts(manager);
    const begun = toBegin(counts);
    for (const [one, reason] of toRemove(counts).toSorted(byPlane)) await this.remove(manager, one, reason);
    for (let count = 0; count < begun; count += 1) await this.begin(manager, counts);
  }

  private async begin(manager: EntityManager, { wanted: { version } }: PoolCounts): Promise<void> {
    const { id } = await this.pool.add(manager);
    await this.start(manager, id, 'warm', { version });
  }

  /** Skips a plane that a tenant has taken in the meantime. */
  private async remove(manager: EntityManager, { plane }: PooledPlane, reason: string): Promise<void> {
    const { id, poolState } = await lockPlane(manager, plane.id);
    if (poolState !== 'pooled') return;
    await manager.update(TenantPlane, { id }, { acceptsTenants: false });
    await this.start(manager, id, 'cool', { reason });
  }

  private async start(
    manager: EntityManager,
    tenantPlaneId: string,
    operation: 'warm' | 'cool',
    params: Readonly<Record<string, string>>,
  ): Promise<void> {
    const request = { operation, tenantId: null, tenantPlaneId, params, steps: WARM_POOL_STEPS[operation] };
    const job = await this.starter.start(manager, request);
    const action = operation === 'warm' ? 'tenant_plane.pooled' : 'tenant_plane.unpooled';
    const after = { job_id: job.id, ...params };
    await this.audit.record(manager, { action, targetKind: 'tenant_plane', targetId: tenantPlaneId, after });
  }

  private async withJobs(manager: EntityManager, planes: readonly TenantPlane[]): Promise<PooledPlane[]> {
    if (planes.length === 0) return [];
    const jobs = await manager.find(ProvisioningJob, {
      // A rotation changes neither the plane nor its place in the pool.
      where: { tenantPlaneId: In(planes.map(({ id }) => id)), operation: Not('rotate_secret' as const) },
      order: { id: 'DESC' },
    });
    return planes.map((plane) => {
      const newest = jobs.find(({ tenantPlaneId }) => tenantPlaneId === plane.id);
      const isIn = (statuses: readonly string[]) => newest && statuses.includes(newest.status);
      return {
        plane,
        live: isIn(LIVE_JOB_STATUSES) ? newest : undefined,
        stopped: isIn(FAILED_JOB_STATUSES) ? newest : undefined,
      };
    });
  }
}

type Removal = ReturnType<typeof toRemove>[number];

/** The order in which planes are locked. */
function byPlane([{ plane: one }]: Removal, [{ plane: other }]: Removal): number {
  return one.id < other.id ? -1 : 1;
}

function isSettled(counts: PoolCounts): boolean {
  return toBegin(counts) === 0 && toRemove(counts).length === 0;
}

async function endedJobs(manager: EntityManager, version: string): Promise<readonly ProvisioningJob[]> {
  const jobs = await manager.find(ProvisioningJob, {
    where: { operation: 'warm', status: Not(In([...LIVE_JOB_STATUSES])) },
    order: { id: 'DESC' },
    take: REMEMBERED,
  });
  return jobs.filter(({ params }) => params['version'] === version);
}
