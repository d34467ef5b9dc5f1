import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { type EntityManager, type FindOptionsWhere, In } from 'typeorm';
import { ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';

/** The live jobs that match `about`. */
export function liveJobs(
  manager: EntityManager,
  about: FindOptionsWhere<ProvisioningJob>,
): Promise<Pick<ProvisioningJob, 'tenantId' | 'tenantPlaneId'>[]> {
  return manager.find(ProvisioningJob, {
    where: { ...about, status: In([...LIVE_JOB_STATUSES]) },
    select: { id: true, tenantId: true, tenantPlaneId: true },
  });
}

export type JobEnd = Pick<ProvisioningJob, 'id' | 'tenantId' | 'operation' | 'status'>;

/** The newest job of each tenant. */
export async function newestJobs(
  manager: EntityManager,
  tenantIds: readonly string[],
): Promise<Map<string, JobEnd>> {
  if (tenantIds.length === 0) return new Map();
  const jobs = await manager
    .createQueryBuilder(ProvisioningJob, 'job')
    .select(['job.id', 'job.tenantId', 'job.operation', 'job.status'])
    .where({ tenantId: In([...tenantIds]) })
    .andWhere(
      'not exists (select 1 from provisioning_jobs newer where newer.tenant_id = job.tenant_id and ' +
        'newer.id > job.id)',
    )
    .getMany();
  return new Map(jobs.map((job) => [job.tenantId ?? '', job]));
}

/**
 * Whether the job has failed or was cancelled. If so, an
 * operator knows about the job and can retry it or roll it back.
 */
export function isStopped(job: JobEnd | undefined): boolean {
  return job?.status === 'failed' || job?.status === 'cancelled';
}
