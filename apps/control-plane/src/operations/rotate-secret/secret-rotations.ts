import { type RotationMode, SECRET_ROTATION_STEPS } from '@atlas/deployment-profiles';
import { type PlanView, type AcceptedForPlane, type InstallBundle } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../../audit/audit';
import { DesiredStates } from '../../desired-state/desired-states';
import { ProvisioningTokens } from '../../enrolment/provisioning-tokens';
import { TenantPlanes } from '../../fleet/tenant-planes';
import { DryRuns } from '../../lifecycle/dry-runs';
import { jobView } from '../../lifecycle/job.view';
import { JobStarter } from '../../provisioning-jobs/job-starter';
import { requirePlaneIdle } from '../../provisioning-jobs/live-jobs';
import { ProvisioningJobs } from '../../provisioning-jobs/provisioning-jobs';
import { lockPlane, lockPlaneAndCalls } from '../../registry/plane-lock';
import { TenantPlane, isAirGapped } from '../../registry/tenant-plane.entity';
import { ServiceKeys } from '../../service-keys/service-keys';

/** Starts the rotation of a tenant plane's secret. */
@Injectable()
export class SecretRotations {
  constructor(
    private readonly database: Database,
    private readonly dryRuns: DryRuns,
    private readonly planes: TenantPlanes,
    private readonly desiredStates: DesiredStates,
    private readonly keys: ServiceKeys,
    private readonly tokens: ProvisioningTokens,
    private readonly starter: JobStarter,
    private readonly jobs: ProvisioningJobs,
    private readonly audit: Audit,
  ) {}

  /** Describes what {@link start} would do, without changing anything. */
  async plan(id: string, mode: RotationMode): Promise<PlanView> {
    await this.database.read((manager) => this.requirePossible(manager, id, mode));
    const steps = this.dryRuns.stepsOf(SECRET_ROTATION_STEPS[mode]);
    return { plan: { steps, install_required: mode === 'compromised' } };
  }

  /** A compromised secret is refused as soon as the transaction commits. */
  start(id: string, mode: RotationMode): Promise<AcceptedForPlane> {
    return this.database.write(async (manager) => {
      await (mode === 'compromised' ? lockPlaneAndCalls : lockPlane)(manager, id);
      const plane = await this.requirePossible(manager, id, mode);
      const install = mode === 'compromised' ? await this.endTrust(manager, plane) : undefined;
      const job = await this.starter.start(manager, {
        operation: 'rotate_secret',
        tenantId: null,
        tenantPlaneId: id,
        params: { mode },
        steps: SECRET_ROTATION_STEPS[mode],
      });
      const subject = { action: 'tenant_plane.rotate_secret', targetKind: 'tenant_plane', targetId: id };
      await this.audit.record(manager, { ...subject, after: { mode, job_id: job.id } });
      const tenant_plane = await this.planes.view(manager, id);
      return { tenant_plane, job: jobView(job, null), ...(install && { install }) };
    });
  }

  /**
   * Revokes trust in the plane without waiting for other jobs. A drain or upgrade
   * of the plane continues once the plane has re-enrolled. A rotation in progress
   * is superseded. Until the plane has re-enrolled, no tenant is placed on it.
   */
  private async endTrust(manager: EntityManager, plane: TenantPlane): Promise<InstallBundle> {
    const rotation = { tenantPlaneId: plane.id, operation: 'rotate_secret' } as const;
    await this.jobs.supersede(manager, rotation, 'rotation of its compromised secret');
    await this.keys.revokeAll(manager, plane.id);
    const install = await this.tokens.issue(manager, plane);
    // Wakes long polls that were signed with the old secret, so that they are refused too.
    await this.desiredStates.announce(manager, plane.id, { status: 'expected', nextKeyId: null });
    return install;
  }

  private async requirePossible(
    manager: EntityManager,
    id: string,
    mode: RotationMode,
  ): Promise<TenantPlane> {
    const plane = await manager.findOneBy(TenantPlane, { id });
    if (!plane) throw new DomainError('not_found', 'not_found', 'There is no such tenant plane.');
    if (plane.secretMode === 'platform') throw platformSecret();
    if (mode === 'routine') await requirePlaneIdle(manager, id);
    if (plane.status !== 'enrolled') throw notEnrolled(plane);
    if (mode === 'routine' && isAirGapped(plane)) throw airGapped();
    return plane;
  }
}

function platformSecret(): DomainError {
  const detail =
    'This cell uses the platform secret, which it shares with other cells. To rotate it, change ' +
    'INTERNAL_SERVICE_SECRET on the Control Plane and on all cells that use it. Keep the old value in ' +
    'INTERNAL_SERVICE_SECRET_PREVIOUS until all of them have the new one.';
  return new DomainError('platform_secret', 'unprocessable', detail);
}

function notEnrolled({ status }: TenantPlane): DomainError {
  const detail =
    `The tenant plane is ${status}, so it has no secret in use. To replace its install bundle, issue a ` +
    'new one: POST /api/tenant-planes/<id>/provisioning-tokens.';
  return new DomainError('invalid_transition', 'conflict', detail);
}

function airGapped(): DomainError {
  const detail =
    'This tenant plane does not connect to the Control Plane, so it cannot receive a new secret. Use ' +
    'mode "compromised", and enrol the plane by file with the new install bundle.';
  return new DomainError('tenant_plane_air_gapped', 'unprocessable', detail);
}
