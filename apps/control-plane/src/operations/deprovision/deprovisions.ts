import { DeprovisionTenantDto, type PlanView, type AcceptedForTenant } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { validationFailed } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { TenantOperations } from '../../lifecycle/tenant-operations';
import { placeOf } from '../../registry/placements';
import { Tenant } from '../../registry/tenant.entity';
import { lockTenant, requireTenant } from '../../tenants/tenants';
import { requireNothingToSave } from '../../transfers/kept-copy';

/** Starts the deprovisioning of a tenant. */
@Injectable()
export class Deprovisions {
  constructor(
    private readonly database: Database,
    private readonly operations: TenantOperations,
    private readonly config: ControlPlaneConfig,
  ) {}

  /** Describes what {@link start} would do, without changing anything. */
  plan(id: string, dto: DeprovisionTenantDto): Promise<PlanView> {
    return this.database.read(async (manager) => {
      const tenant = await requireTenant(manager, id);
      requireConfirmed(tenant, dto);
      if (dto.accept_data_loss) await requireNothingToSave(manager, tenant);
      const { plan } = await this.operations.plan(id, 'deprovision');
      // As the step `close-tenant` decides. Only a step `back-up` can find that the rows are lost.
      const isLost = dto.accept_data_loss && plan.steps.some(({ name }) => name === 'back-up');
      const isGoneAtOnce = tenant.activeAt === null || isLost;
      return {
        plan: { ...plan, restorable_days: isGoneAtOnce ? 0 : this.config.RESTORE_WINDOW_DAYS },
      };
    });
  }

  start(id: string, dto: DeprovisionTenantDto): Promise<AcceptedForTenant> {
    return this.database.write(async (manager) => {
      const tenant = await lockTenant(manager, id);
      requireConfirmed(tenant, dto);
      const { reason = null, accept_data_loss = false } = dto;
      if (accept_data_loss) await requireNothingToSave(manager, tenant);
      const home = await placeOf(manager, id);
      const before = { status: tenant.status, tenant_plane_id: home?.tenantPlaneId ?? null };
      const params = { ...before, reason, ...(accept_data_loss && { accept_data_loss }) };
      return this.operations.start(manager, id, 'deprovision', { params });
    });
  }
}

function requireConfirmed({ slug }: Tenant, { confirm_slug }: DeprovisionTenantDto): void {
  if (confirm_slug === slug) return;
  throw validationFailed([{ field: 'confirm_slug', message: `confirm_slug must be the tenant's slug` }]);
}
