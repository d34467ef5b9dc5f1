import { type RotationMode } from '@atlas/deployment-profiles';
import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { type RepeatableAnswer } from '../idempotency/sealed-idempotency';
import { DesiredStates } from '../tenant-planes/desired-state.service';
import { lockPlane, lockPlaneAndCalls } from '../tenant-planes/plane-lock';
import { type InstallBundle, ProvisioningTokens } from '../tenant-planes/provisioning-tokens';
import { ServiceKeys } from '../tenant-planes/service-keys';
import { TenantPlane, isAirGapped } from '../tenant-planes/tenant-plane.entity';
import { TenantPlanes } from '../tenant-planes/tenant-planes.service';
import { jobView } from './job.view';
import { JobStarter } from './job-starter';
import { Jobs } from './jobs.repository';
import { requirePlaneIdle } from './live-jobs';
import { Operations } from './operations';
import { type PlanView } from './accepted.view';

/** Accepts that a tenant plane gets another secret; workers take over. */
@Injectable()
export class SecretRotations {
  constructor(
    private readonly database: Database,
    private readonly operations: Operations,
    private readonly planes: TenantPlanes,
    private readonly desiredStates: DesiredStates,
    private readonly keys: ServiceKeys,
    private readonly tokens: ProvisioningTokens,
    private readonly starter: JobStarter,
    private readonly jobs: Jobs,
    private readonly audit: Audit,
  ) {}

  /** What `accept` would do. Changes nothing. */
  async plan(id: string, mode: RotationMode): Promise<PlanView> {
    await this.database.read((manager) => this.requirePossible(manager, id, mode));
    const steps = this.operations.secretRotation(mode);
    const described = steps.map(({ name, description, creates }) => ({ name, description, creates }));
    return { plan: { steps: described, install_required: mode === 'compromised' } };
  }

  /** Job, audit row and wake-up, in the caller's transaction; a compromised secret is refused from its commit on. */
  async accept(manager: EntityManager, id: string, mode: RotationMode): Promise<RepeatableAnswer> {
    await (mode === 'compromised' ? lockPlaneAndCalls : lockPlane)(manager, id);
    const plane = await this.requirePossible(manager, id, mode);
    const bundle = mode === 'compromised' ? await this.endTrust(manager, plane) : undefined;
    const steps = this.operations.secretRotation(mode);
    const request = { operation: 'rotate_secret', tenantId: null, tenantPlaneId: id, steps } as const;
    const job = await this.starter.start(manager, { ...request, params: { mode } });
    const subject = { action: 'tenant_plane.rotate_secret', targetKind: 'tenant_plane', targetId: id };
    await this.audit.record(manager, { ...subject, after: { mode, job_id: job.id } });
    return {
      status: 202,
      headers: { location: `/api/provisioning-jobs/${job.id}` },
      body: { tenant_plane: await this.planes.view(manager, id), job: jobView(job, null) },
      ...(bundle && { install: { tokenId: bundle.token_id, bundle } }),
    };
  }

  /**
   * Waits for no other job. A drain or an upgrade of the plane goes on, with a plane that has to enrol again first. A rotation
   * in progress ends. No tenant is placed on a plane until it has enrolled again.
   */
  private async endTrust(manager: EntityManager, plane: TenantPlane): Promise<InstallBundle> {
    const rotation = { tenantPlaneId: plane.id, operation: 'rotate_secret' } as const;
    await this.jobs.supersede(manager, rotation, 'its secret is compromised');
    await this.keys.revokeAll(manager, plane.id);
    const install = await this.tokens.issue(manager, plane);
    // Wakes who waits for news with the old secret, to be refused as well.
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
    'This cell uses the platform secret, which is no secret of its own: change INTERNAL_SERVICE_SECRET on the Control Plane and on the cells that use it, with the old value as INTERNAL_SERVICE_SECRET_PREVIOUS until all have it.';
  return new DomainError('platform_secret', 'unprocessable', detail);
}

function notEnrolled({ status }: TenantPlane): DomainError {
  const detail = `A tenant plane that is ${status} has no secret in use. A new install bundle (POST /api/tenant-planes/<id>/provisioning-tokens) replaces the one before.`;
  return new DomainError('invalid_transition', 'conflict', detail);
}

function airGapped(): DomainError {
  const detail =
    'This tenant plane does not call, so nothing can be handed to it. Use mode "compromised", and enrol it with the new install bundle by file.';
  return new DomainError('tenant_plane_air_gapped', 'unprocessable', detail);
}
