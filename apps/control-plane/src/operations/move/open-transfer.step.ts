import { StepFailure, type StepResult, done } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { DesiredStates } from '../../desired-state/desired-states';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Placement } from '../../registry/placement.entity';
import { placeOf } from '../../registry/placements';
import { olderTarget } from '../../registry/plane-versions';
import { TenantPlane, isAirGapped } from '../../registry/tenant-plane.entity';
import { cannotTakeRows } from '../../transfers/cannot-take-rows';
import { Transfers } from '../../transfers/transfers';

/** Makes the source send the tenant's rows and the target import them while the tenant remains in use. */
@Injectable()
export class OpenTransferStep extends ProvisioningStep {
  readonly name = 'open-transfer';
  readonly description = "Begin to copy the tenant's rows to its new tenant plane; the tenant keeps working";
  readonly creates = ['transfer'];

  constructor(
    private readonly transfers: Transfers,
    private readonly desiredStates: DesiredStates,
  ) {
    super();
  }

  async run({ manager, tenantId }: ProvisioningContext): Promise<StepResult> {
    const [home, coming] = await this.places(manager, tenantId);
    if (!home || !coming) throw new StepFailure('fatal', 'not_placed', 'The tenant has no place to move to.');
    await this.requireFit(manager, home, coming);
    const between = { sourcePlaneId: home.tenantPlaneId, targetPlaneId: coming.tenantPlaneId };
    const transfer = await this.transfers.open(manager, { tenantId, ...between });
    // An interrupted undo may have set `purgeJobId`. Publishing it
    // again would make the plane remove the rows being imported.
    await manager.update(Placement, { tenantId, tenantPlaneId: coming.tenantPlaneId }, { purgeJobId: null });
    for (const place of [home, coming]) await this.desiredStates.publish(manager, place);
    return done({ transfer_id: transfer.id });
  }

  /**
   * The source keeps serving. The target removes what it has imported,
   * unless it still has a complete old copy from an earlier move.
   */
  async undo({ manager, tenantId, jobId: purgeJobId }: ProvisioningContext): Promise<void> {
    await this.transfers.end(manager, tenantId);
    const [home, coming] = await this.places(manager, tenantId);
    if (home) await this.desiredStates.publish(manager, home);
    if (!coming || coming.entryRevision === 0 || coming.removeAfter !== null) return;
    const { tenantPlaneId } = coming;
    await manager.update(Placement, { tenantId, tenantPlaneId }, { purgeJobId });
    await this.desiredStates.publish(manager, coming);
  }

  /**
   * Checks the target only now, because a single-tenant plane reports
   * its version, and whether it is air-gapped, only when it enrols.
   */
  private async requireFit(manager: EntityManager, home: Placement, coming: Placement): Promise<void> {
    const source = await manager.findOneByOrFail(TenantPlane, { id: home.tenantPlaneId });
    const target = await manager.findOneByOrFail(TenantPlane, { id: coming.tenantPlaneId });
    const why = olderTarget(source, target);
    if (why !== null) throw cannotTakeRows(target, why);
    if (isAirGapped(target)) throw neverCalls(target);
  }

  private places(manager: EntityManager, tenantId: string): Promise<(Placement | null)[]> {
    return Promise.all([placeOf(manager, tenantId), placeOf(manager, tenantId, 'importing')]);
  }
}

function neverCalls({ name }: TenantPlane): StepFailure {
  const detail =
    `Tenant plane ${name} was enrolled by file and has not connected yet, so it cannot fetch the ` +
    "tenant's rows.";
  const fix =
    `Whoever runs ${name}: start it without ATLAS_OFFLINE_MODE and with access to the Control Plane. ` +
    'Operator: once the plane has reported, retry the job, or roll it back.';
  return new StepFailure('operator', 'tenant_plane_air_gapped', detail, fix);
}
