import { UPGRADE_STEPS, type UpgradeWay } from '@atlas/deployment-profiles';
import { type PlanView, type AcceptedForPlane } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../../audit/audit';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { versionProblem } from '../../config/version-policy';
import { TenantPlanes } from '../../fleet/tenant-planes';
import { DryRuns } from '../../lifecycle/dry-runs';
import { jobView } from '../../lifecycle/job.view';
import { JobStarter } from '../../provisioning-jobs/job-starter';
import { requirePlaneIdle, requireNothingExcluded } from '../../provisioning-jobs/live-jobs';
import { ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';
import { lockPlane } from '../../registry/plane-lock';
import { TenantPlane, isAirGapped } from '../../registry/tenant-plane.entity';

/** Starts the upgrade of a tenant plane, for operators and for waves. */
@Injectable()
export class Upgrades {
  constructor(
    private readonly database: Database,
    private readonly dryRuns: DryRuns,
    private readonly planes: TenantPlanes,
    private readonly starter: JobStarter,
    private readonly audit: Audit,
    private readonly config: ControlPlaneConfig,
  ) {}

  /** Describes what {@link start} would do, without changing anything. */
  async plan(id: string, version?: string): Promise<PlanView> {
    const target = this.target(version);
    const plane = await this.database.read((manager) => requirePossible(manager, id, target));
    const steps = this.dryRuns.stepsOf(UPGRADE_STEPS[wayOf(plane)]);
    return { plan: { steps, install_required: false, from: plane.version, to: target } };
  }

  start(id: string, version?: string): Promise<AcceptedForPlane> {
    return this.database.write(async (manager) => {
      const job = await this.startJob(manager, id, this.target(version));
      return { tenant_plane: await this.planes.view(manager, id), job: jobView(job, null) };
    });
  }

  /** `parentId` is the wave that starts the upgrade, if any. */
  async startJob(
    manager: EntityManager,
    id: string,
    version: string,
    parentId: string | null = null,
  ): Promise<ProvisioningJob> {
    await lockPlane(manager, id);
    const plane = await requirePossible(manager, id, version);
    const steps = UPGRADE_STEPS[wayOf(plane)];
    const params = { version, from: plane.release ?? plane.version };
    const request = {
      operation: 'upgrade',
      tenantId: null,
      tenantPlaneId: id,
      parentId,
      params,
      steps,
    } as const;
    const job = await this.starter.start(manager, request);
    const subject = { action: 'tenant_plane.upgrade', targetKind: 'tenant_plane', targetId: id };
    const after = { version, job_id: job.id, ...(parentId !== null && { parent_id: parentId }) };
    await this.audit.record(manager, { ...subject, before: { version: plane.version }, after });
    return job;
  }

  /** Checks and returns the requested version, by default TENANT_PLANE_VERSION. */
  target(version = this.config.tenantPlaneVersion): string {
    const problem = versionProblem(version);
    if (problem !== null) throw new DomainError('version_unsupported', 'unprocessable', problem);
    return version;
  }
}

function wayOf({ infrastructureDriver: driver }: TenantPlane): UpgradeWay {
  return driver === null || driver === 'manual' ? 'by_hand' : 'by_driver';
}

/** Returns the plane if it can be upgraded to this version now; otherwise throws. */
async function requirePossible(manager: EntityManager, id: string, version: string): Promise<TenantPlane> {
  const plane = await manager.findOneBy(TenantPlane, { id });
  if (!plane) throw new DomainError('not_found', 'not_found', 'There is no such tenant plane.');
  await requireIdle(manager, plane);
  if (plane.status !== 'enrolled') throw notEnrolled(plane);
  if (plane.poolState === 'pooled') throw isPooled(plane);
  if (isAirGapped(plane)) throw airGapped();
  if (wayOf(plane) === 'by_driver' && plane.placed === 0) throw leftBehind();
  if (plane.version === version && (plane.release ?? version) === version) throw upToDate(version);
  return plane;
}

/**
 * Throws while a job for the plane or for its only tenant is live. Such a job may need the
 * plane to stay unchanged, or may remove it. For cells, jobs for tenants do not matter.
 */
async function requireIdle(manager: EntityManager, { id: tenantPlaneId }: TenantPlane): Promise<void> {
  await requirePlaneIdle(manager, tenantPlaneId);
  await requireNothingExcluded(manager, { operation: 'upgrade', tenantId: null, tenantPlaneId });
}

function notEnrolled({ status }: TenantPlane): DomainError {
  const detail = `The tenant plane is ${status}, so there is nothing to upgrade.`;
  return new DomainError('invalid_transition', 'conflict', detail);
}

function isPooled({ name }: TenantPlane): DomainError {
  const detail =
    `Tenant plane "${name}" is in the warm pool, whose planes are replaced instead of upgraded. Set ` +
    'TENANT_PLANE_VERSION on the Control Plane.';
  return new DomainError('invalid_transition', 'conflict', detail);
}

function leftBehind(): DomainError {
  const detail = 'The tenant has moved away, so its old tenant plane can no longer be upgraded.';
  return new DomainError('invalid_transition', 'conflict', detail);
}

function upToDate(version: string): DomainError {
  return new DomainError('already_up_to_date', 'conflict', `The tenant plane is already running ${version}.`);
}

function airGapped(): DomainError {
  const detail =
    'This tenant plane does not connect to the Control Plane, so the Control Plane cannot see its ' +
    'version. Whoever runs it upgrades it as described in docs/guides/on-prem-upkeep.md.';
  return new DomainError('tenant_plane_air_gapped', 'unprocessable', detail);
}
