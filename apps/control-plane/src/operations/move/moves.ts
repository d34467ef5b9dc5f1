import { profileOf, CELL_MODELS } from '@atlas/deployment-profiles';
import { type JobParams } from '@atlas/jobs';
import { MoveTenantDto, type PlanView, type AcceptedForTenant } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { ProvisioningTokens } from '../../enrolment/provisioning-tokens';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { TenantOperations } from '../../lifecycle/tenant-operations';
import { REOPENS, isReopening } from '../../provisioning-jobs/lifecycle-steps';
import { Cells, cellInPlan } from '../../registry/cells';
import { hasLostCopy, placeOf } from '../../registry/placements';
import { olderTarget, targetPlaneOlder, versionsFrom } from '../../registry/plane-versions';
import { TenantPlane, isAirGapped, isCell } from '../../registry/tenant-plane.entity';
import { type Tenant } from '../../registry/tenant.entity';
import { requireDatabaseAllowed } from '../../tenants/database-choice';
import { lockTenant, requireTenant } from '../../tenants/tenants';
import { copyLost, keptCopyOf } from '../../transfers/kept-copy';

interface Target {
  readonly params: JobParams;
  /** Null if the tenant gets a plane of its own. */
  readonly cell: TenantPlane | null;
}

/** Starts the move of a tenant to another deployment model or cell. */
@Injectable()
export class Moves {
  constructor(
    private readonly database: Database,
    private readonly operations: TenantOperations,
    private readonly cells: Cells,
    private readonly planes: SingleTenantPlanes,
    private readonly tokens: ProvisioningTokens,
    private readonly config: ControlPlaneConfig,
  ) {}

  /** Describes what {@link start} would do, without changing anything. */
  plan(id: string, dto: MoveTenantDto): Promise<PlanView> {
    return this.database.read(async (manager) => {
      const { params, cell } = await this.targetOf(manager, await requireTenant(manager, id), dto);
      const { plan } = await this.operations.plan(id, 'move', params);
      return { plan: { ...plan, ...cellInPlan(cell) } };
    });
  }

  start(id: string, dto: MoveTenantDto): Promise<AcceptedForTenant> {
    return this.database.write(async (manager) => {
      const tenant = await lockTenant(manager, id);
      const { params } = await this.targetOf(manager, tenant, dto);
      const accepted = await this.operations.start(manager, id, 'move', { params });
      const { deployment_model: model } = dto;
      if (isReopening(params) || !profileOf(model).installRequired) return accepted;
      const plane = await this.planes.ensure(manager, tenant, { model, phase: 'importing' });
      return { ...accepted, install: await this.tokens.issue(manager, plane) };
    });
  }

  /** If the home has lost the rows, the only possible move is back to the plane that keeps them. */
  private async targetOf(manager: EntityManager, tenant: Tenant, dto: MoveTenantDto): Promise<Target> {
    const { deployment_model, tenant_plane_id = null } = dto;
    const params = { deployment_model, tenant_plane_id };
    const home = await placeOf(manager, tenant.id);
    if (!home || !(await hasLostCopy(manager, home)))
      return { params, cell: await this.requirePossible(manager, tenant, dto) };
    const kept = await keptCopyOf(manager, home);
    const cell = kept && isCell(kept) ? kept : null;
    if (kept?.deploymentModel === deployment_model && (cell?.id ?? null) === tenant_plane_id)
      return { params: { ...params, ...REOPENS }, cell };
    throw await copyLost(manager, home);
  }

  /** Returns the cell that would get the tenant now, or null if the tenant gets a plane of its own. */
  private async requirePossible(
    manager: EntityManager,
    tenant: Tenant,
    dto: MoveTenantDto,
  ): Promise<TenantPlane | null> {
    const { deployment_model: model, tenant_plane_id: only } = dto;
    const isInCell = CELL_MODELS.includes(model);
    const home = await placeOf(manager, tenant.id);
    const isSame = model === tenant.deploymentModel && (!isInCell || only === undefined);
    if (isSame || only === home?.tenantPlaneId) {
      const detail =
        'The tenant is already there. Name a different deployment_model or cell (tenant_plane_id).';
      throw new DomainError('already_there', 'conflict', detail);
    }
    const source = home && (await manager.findOneBy(TenantPlane, { id: home.tenantPlaneId }));
    if (source && isAirGapped(source)) throw airGapped(source);
    if (!isInCell && only !== undefined) {
      const detail =
        `tenant_plane_id names a cell, but a ${model} tenant gets its own tenant plane. Leave ` +
        'tenant_plane_id out.';
      throw new DomainError('tenant_plane_not_a_cell', 'unprocessable', detail);
    }
    if (!isInCell) {
      requireDatabaseAllowed(this.config, model, tenant);
      return null;
    }
    if (only !== undefined) await requireSameRegion(manager, tenant, only);
    const wanted = { region: tenant.region, only, except: home?.tenantPlaneId };
    const versions = source?.version ? await versionsFrom(manager, source.version) : undefined;
    const cell = await this.cells.emptiest(manager, { ...wanted, versions });
    if (cell) return cell;
    const older = await this.cells.emptiest(manager, wanted);
    const why = source && older && olderTarget(source, older);
    if (why) throw targetPlaneOlder(why);
    const detail =
      'No suitable shared tenant plane has room. Register another cell, or name a different one.';
    throw new DomainError('no_capacity', 'unavailable', detail, {}, { 'retry-after': '60' });
  }
}

function airGapped({ name }: TenantPlane): DomainError {
  const detail =
    `Tenant plane ${name} does not connect to the Control Plane, so it can neither request its ` +
    "customer's consent nor send the tenant's rows. Ask whoever runs it to start it without " +
    'ATLAS_OFFLINE_MODE and with access to the Control Plane. Once it has reported, start the move ' +
    'again.';
  return new DomainError('tenant_plane_air_gapped', 'unprocessable', detail);
}

/** Refuses a cell in another region early, because the move job would find no suitable cell. */
async function requireSameRegion(
  manager: EntityManager,
  { slug, region }: Tenant,
  cellId: string,
): Promise<void> {
  const cell = await manager.findOneBy(TenantPlane, { id: cellId, deploymentModel: In(CELL_MODELS) });
  if (!cell || region === null || cell.region === region) return;
  const where = cell.region === null ? 'in no region' : `in region ${cell.region}`;
  const detail =
    `Tenant "${slug}" must stay in region ${region}, but cell ${cell.name} is ${where}. Name a cell ` +
    `in region ${region}, or leave tenant_plane_id out.`;
  throw new DomainError('other_region', 'unprocessable', detail);
}
