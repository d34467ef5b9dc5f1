import { profileOf } from '@atlas/deployment-profiles';
import { Database } from '@atlas/persistence';
import { Clock, DomainError, validationFailed } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThanOrEqual, type SelectQueryBuilder } from 'typeorm';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { type RepeatableAnswer } from '../../idempotency/sealed-idempotency';
import { placeOf } from '../../registry/placements';
import { lockSignedUpSince, signedUpSince } from '../../tenants/signup-tenants';
import { ProvisioningTokens } from '../../enrolment/provisioning-tokens';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { Tenant } from '../../registry/tenant.entity';
import { type DeprovisionTenantDto } from '../../tenants/tenants.dto';
import { lockTenant, requireTenant } from '../../tenants/tenants';
import { requireDatabaseAllowed } from '../../tenants/database-choice';
import { type JobParams, LIVE_JOB_STATUSES } from '../../jobs/job';
import { lastDeprovisioning } from '../../jobs/jobs';
import { requireNothingToSave } from '../../transfers/kept-copy';
import { HAS_LIVE_JOB, WAITS_FOR_A_PERSON } from '../../provisioning-jobs/live-jobs';
import { hasAnother } from '../../lifecycle/restarts';
import { TenantOperations } from '../../lifecycle/tenant-operations';
import { type PlanView } from '../../lifecycle/accepted.view';

const AT_ONCE = 20;

/** SQL: whether a purge of the row aliased `tenant` waits for a person, who may still retry it. */
const PURGE_WAITS = `exists (select 1 from provisioning_jobs job
  where job.tenant_id = tenant.id and job.operation = 'purge' and ${WAITS_FOR_A_PERSON}
    and not exists (select 1 from provisioning_jobs since
      where since.tenant_id = job.tenant_id and since.id > job.id))`;

/** Accepts that a tenant goes, that it comes back, and, when its time is over, that nothing of it stays. */
@Injectable()
export class Removals {
  constructor(
    private readonly database: Database,
    private readonly operations: TenantOperations,
    private readonly planes: SingleTenantPlanes,
    private readonly tokens: ProvisioningTokens,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  planDeprovision(id: string, dto: DeprovisionTenantDto): Promise<PlanView> {
    return this.database.read(async (manager) => {
      const tenant = await requireTenant(manager, id);
      requireConfirmed(tenant, dto);
      if (dto.accept_data_loss) await requireNothingToSave(manager, tenant);
      return this.operations.plan(id, 'deprovision');
    });
  }

  async deprovision(
    manager: EntityManager,
    id: string,
    dto: DeprovisionTenantDto,
  ): Promise<RepeatableAnswer> {
    const tenant = await lockTenant(manager, id);
    requireConfirmed(tenant, dto);
    const { reason = null, accept_data_loss = false } = dto;
    if (accept_data_loss) await requireNothingToSave(manager, tenant);
    const home = await placeOf(manager, id);
    const before = { status: tenant.status, tenant_plane_id: home?.tenantPlaneId ?? null };
    const params = { ...before, reason, ...(accept_data_loss && { accept_data_loss }) };
    return this.operations.accept(manager, id, 'deprovision', params);
  }

  planRestore(id: string): Promise<PlanView> {
    return this.database.read(async (manager) => {
      const tenant = await requireTenant(manager, id);
      this.requireRestorable(tenant);
      requireOnlyOne(await signedUpSince(manager, tenant));
      return this.operations.plan(id, 'restore');
    });
  }

  /** Where the customer installs its plane, the answer carries what it needs. */
  async restore(manager: EntityManager, id: string): Promise<RepeatableAnswer> {
    const tenant = await lockTenant(manager, id);
    this.requireRestorable(tenant);
    requireOnlyOne(await lockSignedUpSince(manager, tenant));
    const answer = await this.operations.accept(manager, id, 'restore', await statusBefore(manager, id));
    const { deploymentModel: model } = tenant;
    if (!profileOf(model).installRequired) return answer;
    const plane = await this.planes.expectAgain(manager, tenant, { model, phase: 'importing' });
    const bundle = await this.tokens.issue(manager, plane);
    return { ...answer, install: { tokenId: bundle.token_id, bundle } };
  }

  /** Starts the purge of tenants that can no longer be restored. Busy tenants are skipped, so that they do not hold up the others. */
  async sweep(): Promise<void> {
    const due = await this.database.read((manager) => this.due(manager).limit(AT_ONCE).getMany());
    for (const { id } of due)
      await this.database
        .write((manager) => this.purge(manager, id))
        .catch((error: unknown) => {
          // Another job for this tenant has just begun. The next sweep tries again.
          if (!(error instanceof DomainError)) throw error;
        });
  }

  /** Checks again under the lock: while a sweep was paused, the tenant may have been restored, or another purge may have failed or been cancelled. */
  private async purge(manager: EntityManager, id: string): Promise<void> {
    await lockTenant(manager, id);
    if (await this.due(manager).andWhere({ id }).getExists())
      await this.operations.accept(manager, id, 'purge');
  }

  private due(manager: EntityManager): SelectQueryBuilder<Tenant> {
    return manager
      .createQueryBuilder(Tenant, 'tenant')
      .where({ restorableUntil: LessThanOrEqual(this.clock.now()) })
      .andWhere(`not ${HAS_LIVE_JOB}`, { live: LIVE_JOB_STATUSES })
      .andWhere(`not ${PURGE_WAITS}`);
  }

  private requireRestorable(tenant: Tenant): void {
    const { status, restorableUntil, deploymentModel: model } = tenant;
    if (status !== 'deprovisioning' || (restorableUntil && restorableUntil > this.clock.now())) {
      if (model !== 'shared') requireDatabaseAllowed(this.config, model, tenant);
      return;
    }
    const detail = restorableUntil
      ? `The time in which the tenant could be restored ended at ${restorableUntil.toISOString()}.`
      : 'The tenant is not deprovisioned yet, or its backup has been erased. A deprovisioning that failed can be retried or rolled back.';
    throw new DomainError('not_restorable', 'conflict', detail);
  }
}

function requireConfirmed({ slug }: Tenant, { confirm_slug }: DeprovisionTenantDto): void {
  if (confirm_slug === slug) return;
  throw validationFailed([{ field: 'confirm_slug', message: `confirm_slug must be the tenant's slug` }]);
}

function requireOnlyOne(another: Tenant | null): void {
  if (!another) return;
  const detail = `${hasAnother(another)}. Deprovision "${another.slug}" first, then ask again.`;
  throw new DomainError('not_restorable', 'conflict', detail);
}

/** It comes back as what it was. */
async function statusBefore(manager: EntityManager, tenantId: string): Promise<JobParams> {
  const job = await lastDeprovisioning(manager, tenantId);
  return { status: job?.params['status'] === 'suspended' ? 'suspended' : 'active' };
}
