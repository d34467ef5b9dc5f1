import { profileOf, CELL_MODELS } from '@atlas/deployment-profiles';
import { type JobParams } from '@atlas/jobs';
import { type PlanView, type AcceptedForTenant } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { ProvisioningTokens } from '../../enrolment/provisioning-tokens';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { hasAnother } from '../../lifecycle/restarts';
import { TenantOperations } from '../../lifecycle/tenant-operations';
import { lastDeprovisioning } from '../../provisioning-jobs/provisioning-jobs';
import { Tenant } from '../../registry/tenant.entity';
import { requireDatabaseAllowed } from '../../tenants/database-choice';
import { lockSignedUpSince, signedUpSince } from '../../tenants/signup-tenants';
import { lockTenant, requireTenant } from '../../tenants/tenants';

/** Starts the restore of a deprovisioned tenant. */
@Injectable()
export class Restores {
  constructor(
    private readonly database: Database,
    private readonly operations: TenantOperations,
    private readonly planes: SingleTenantPlanes,
    private readonly tokens: ProvisioningTokens,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Describes what {@link start} would do, without changing anything. */
  plan(id: string): Promise<PlanView> {
    return this.database.read(async (manager) => {
      const tenant = await requireTenant(manager, id);
      this.requireRestorable(tenant);
      requireOnlyOne(await signedUpSince(manager, tenant));
      return this.operations.plan(id, 'restore');
    });
  }

  /** If the customer installs the tenant plane, the response contains the install bundle. */
  start(id: string): Promise<AcceptedForTenant> {
    return this.database.write(async (manager) => {
      const tenant = await lockTenant(manager, id);
      this.requireRestorable(tenant);
      requireOnlyOne(await lockSignedUpSince(manager, tenant));
      const params = await statusBefore(manager, id);
      const accepted = await this.operations.start(manager, id, 'restore', { params });
      const { deploymentModel: model } = tenant;
      if (!profileOf(model).installRequired) return accepted;
      const plane = await this.planes.expectAgain(manager, tenant, { model, phase: 'importing' });
      return { ...accepted, install: await this.tokens.issue(manager, plane) };
    });
  }

  private requireRestorable(tenant: Tenant): void {
    const { status, restorableUntil, deploymentModel: model } = tenant;
    if (status !== 'deprovisioning' || (restorableUntil && restorableUntil > this.clock.now())) {
      if (!CELL_MODELS.includes(model)) requireDatabaseAllowed(this.config, model, tenant);
      return;
    }
    const detail = restorableUntil
      ? `The tenant could be restored only until ${restorableUntil.toISOString()}.`
      : 'The tenant is not deprovisioned yet, or its backup has been erased. Retry or roll back a ' +
        'failed deprovisioning.';
    throw new DomainError('not_restorable', 'conflict', detail);
  }
}

function requireOnlyOne(another: Tenant | null): void {
  if (!another) return;
  const detail = `${hasAnother(another)}. Deprovision "${another.slug}" first, then try again.`;
  throw new DomainError('not_restorable', 'conflict', detail);
}

/** The job parameter with the status that the tenant had before it was deprovisioned. */
async function statusBefore(manager: EntityManager, tenantId: string): Promise<JobParams> {
  const job = await lastDeprovisioning(manager, tenantId);
  return { status: job?.params['status'] === 'suspended' ? 'suspended' : 'active' };
}
