import { UPGRADE_STEPS, type UpgradeWay } from '@atlas/deployment-profiles';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../../audit/audit';
import { lockPlane } from '../../registry/plane-lock';
import { TenantPlane, isAirGapped } from '../../registry/tenant-plane.entity';
import { type ProvisioningJob } from '../../provisioning-jobs/job.entity';
import { JobStarter } from '../../jobs/job-starter';
import { requireNothingExcluded, requirePlaneIdle } from '../../provisioning-jobs/live-jobs';

/** Begins upgrades: for an operator, and for a wave, which is a step itself and so can ask no operation for its steps. */
@Injectable()
export class UpgradeJobs {
  constructor(
    private readonly starter: JobStarter,
    private readonly audit: Audit,
  ) {}

  /** Job, audit row and wake-up; of a wave, where one begins it. */
  async begin(
    manager: EntityManager,
    id: string,
    version: string,
    parentId: string | null = null,
  ): Promise<ProvisioningJob> {
    await lockPlane(manager, id);
    const plane = await requirePossible(manager, id, version);
    const steps = UPGRADE_STEPS[wayOf(plane)].map((name) => ({ name }));
    const params = { version, from: plane.release ?? plane.version };
    const job = await this.starter.start(manager, {
      ...{ operation: 'upgrade', tenantId: null, tenantPlaneId: id, parentId, params, steps },
    });
    const subject = { action: 'tenant_plane.upgrade', targetKind: 'tenant_plane', targetId: id };
    const after = { version, job_id: job.id, ...(parentId !== null && { parent_id: parentId }) };
    await this.audit.record(manager, { ...subject, before: { version: plane.version }, after });
    return job;
  }
}

export function wayOf({ infrastructureDriver: driver }: TenantPlane): UpgradeWay {
  return driver === null || driver === 'manual' ? 'by_hand' : 'by_driver';
}

/** The plane, if it can get this version now. */
export async function requirePossible(
  manager: EntityManager,
  id: string,
  version: string,
): Promise<TenantPlane> {
  const plane = await manager.findOneBy(TenantPlane, { id });
  if (!plane) throw new DomainError('not_found', 'not_found', 'There is no such tenant plane.');
  await requireIdle(manager, plane);
  if (plane.status !== 'enrolled') throw notEnrolled(plane);
  if (isAirGapped(plane)) throw airGapped();
  if (wayOf(plane) === 'by_driver' && plane.placed === 0) throw leftBehind();
  if (plane.version === version && (plane.release ?? version) === version) throw upToDate(version);
  return plane;
}

/** What is done to its tenant may need the plane as it is, or end it. A cell goes on through all of that. */
async function requireIdle(manager: EntityManager, { id: tenantPlaneId }: TenantPlane): Promise<void> {
  await requirePlaneIdle(manager, tenantPlaneId);
  await requireNothingExcluded(manager, { operation: 'upgrade', tenantId: null, tenantPlaneId });
}

function notEnrolled({ status }: TenantPlane): DomainError {
  const detail = `A tenant plane that is ${status} runs nothing that could be upgraded.`;
  return new DomainError('invalid_transition', 'conflict', detail);
}

function leftBehind(): DomainError {
  const detail = 'Its tenant has moved away: this tenant plane stays as it is until it is removed.';
  return new DomainError('invalid_transition', 'conflict', detail);
}

function upToDate(version: string): DomainError {
  return new DomainError('already_up_to_date', 'conflict', `The tenant plane runs ${version} already.`);
}

function airGapped(): DomainError {
  const detail =
    'This tenant plane does not call, so nobody here would learn of its version. Whoever runs it upgrades it by its guide.';
  return new DomainError('tenant_plane_air_gapped', 'unprocessable', detail);
}
