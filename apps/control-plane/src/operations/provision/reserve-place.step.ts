import { type JobParams, StepFailure, type StepOutputs, type StepResult, done, sent } from '@atlas/jobs';
import { together } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../desired-state/desired-states';
import { arrivalOf } from '../../enrolment/arrival';
import { placeTaken } from '../../enrolment/single-tenant-planes';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Cells, type WantedCell } from '../../registry/cells';
import { Placement } from '../../registry/placement.entity';
import { givePlaceBack, placeOf, reservedPlacement } from '../../registry/placements';
import { versionsFrom } from '../../registry/plane-versions';
import { TenantPlane, isCell } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';
import { lockTenant } from '../../tenants/tenants';
import { Backups } from '../../transfers/backups';

/**
 * Where the tenant's rows come from: the plane that the tenant
 * is leaving, if any, and the version that wrote the rows.
 */
interface Origin {
  readonly planeId?: string;
  readonly version: string | null;
}

/** What a new reservation keeps of an earlier placement. */
const KEPT = ['tenant_id', 'tenant_plane_id', 'entry_revision', 'remove_after', 'imported_by'];

/** Reserves a place for the tenant in the emptiest suitable cell. */
@Injectable()
export class ReservePlaceStep extends ProvisioningStep {
  readonly name = 'reserve-place';
  readonly description = 'Reserve a place in the emptiest shared tenant plane with room';
  readonly creates = ['placement'];

  constructor(
    private readonly cells: Cells,
    private readonly backups: Backups,
    private readonly desiredStates: DesiredStates,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const { manager, tenantId, params } = context;
    const tenant = await lockTenant(manager, tenantId);
    const { phase } = arrivalOf(context, tenant);
    const isNew = context.isStarting && context.operation === 'provision';
    const placed = isNew ? null : await placeOf(manager, tenantId, phase);
    if (placed) return done(await existingPlace(manager, placed, params));
    const origin = await this.originOf(context);
    const cell = await this.cells.takePlace(manager, await wantedCell(manager, tenant, params, origin));
    if (!cell) throw noCapacity(tenant, origin);
    const place = { tenantId, tenantPlaneId: cell.id, createdAt: this.clock.now() };
    const { endpointUrl } = cell;
    // The cell is locked from here on, so nothing waits for these writes until the step is recorded.
    const writes = together([
      reserve(manager, reservedPlacement(place, phase)),
      phase === 'serving' ? manager.update(Tenant, { id: tenantId }, { endpointUrl }) : Promise.resolve(),
    ]);
    return sent(writes, { tenant_plane_id: cell.id });
  }

  async undo(context: ProvisioningContext): Promise<void> {
    const { manager, tenantId } = context;
    const tenant = await manager.findOneByOrFail(Tenant, { id: tenantId });
    const placed = await placeOf(manager, tenantId, arrivalOf(context, tenant).phase);
    if (!placed) return;
    const plane = await manager.findOneByOrFail(TenantPlane, { id: placed.tenantPlaneId });
    // A place on a single-tenant plane does not belong to this job.
    if (!isCell(plane)) return;
    await givePlaceBack(manager, placed);
    // Publish again that the plane must keep the old copy.
    if (placed.removeAfter !== null) await this.desiredStates.publish(manager, placed);
    await this.cells.freePlace(manager, placed.tenantPlaneId);
  }

  /** For a move, the rows come from the home; for a restore, from the backup. A new tenant has none. */
  private async originOf({ manager, tenantId, operation }: ProvisioningContext): Promise<Origin> {
    if (operation === 'provision') return { version: null };
    if (operation === 'restore')
      return { version: (await this.backups.kept(manager, tenantId))?.version ?? null };
    const home = await placeOf(manager, tenantId);
    const source = home && (await manager.findOneBy(TenantPlane, { id: home.tenantPlaneId }));
    return { planeId: source?.id, version: source?.version ?? null };
  }
}

/**
 * The tenant may already have a placement there, from an undone attempt or from before it moved away. Its
 * revision stays. If the cell still has an old copy, the copy stays complete until the import begins.
 */
async function reserve(manager: EntityManager, placement: Placement): Promise<void> {
  const { columns } = manager.connection.getMetadata(Placement);
  const replaced = columns.map(({ databaseName }) => databaseName).filter((name) => !KEPT.includes(name));
  const [insert, parameters] = manager
    .createQueryBuilder()
    .insert()
    .into(Placement)
    .values(placement)
    .orUpdate(replaced, ['tenant_id', 'tenant_plane_id'])
    .updateEntity(false)
    .getQueryAndParameters();
  const ofKeptCopy = 'case when placements.remove_after is not null then placements.imported_by end';
  await manager.query(`${insert}, imported_by = ${ofKeptCopy}`, parameters);
}

/** The place that the tenant already has. @throws StepFailure if it is not in a cell that the job accepts. */
async function existingPlace(
  manager: EntityManager,
  { tenantPlaneId }: Placement,
  { tenant_plane_id: only }: JobParams,
): Promise<StepOutputs> {
  const plane = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
  const isWanted = typeof only !== 'string' || only === tenantPlaneId;
  if (!isCell(plane) || !isWanted) throw placeTaken(plane);
  return { tenant_plane_id: tenantPlaneId };
}

/**
 * The requested cell, or any cell except the one that the tenant is leaving. The
 * cell's version must not be older than the version that wrote the tenant's rows.
 */
async function wantedCell(
  manager: EntityManager,
  { region }: Tenant,
  params: JobParams,
  { planeId: except, version }: Origin,
): Promise<WantedCell> {
  const versions = version === null ? undefined : await versionsFrom(manager, version);
  const only = params['tenant_plane_id'];
  return { region, except, versions, ...(typeof only === 'string' && { only }) };
}

function noCapacity({ region }: Tenant, { version }: Origin): StepFailure {
  const where = region === null ? '' : ` in region ${region}`;
  const isNewEnough = version === null ? '' : ` and runs version ${version} or newer`;
  return new StepFailure(
    'operator',
    'no_capacity',
    `No shared tenant plane${where} has room for another tenant${isNewEnough}.`,
    'Atlas on-call: register another cell (POST /api/tenant-planes), or upgrade one that is behind; ' +
      'then retry the job.',
  );
}
