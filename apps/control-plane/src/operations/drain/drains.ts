import { CELL_DRAIN_STEPS, CELL_MODELS } from '@atlas/deployment-profiles';
import { type PlanView, type AcceptedForPlane, type TenantPlaneView } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { Audit } from '../../audit/audit';
import { TenantPlanes } from '../../fleet/tenant-planes';
import { DryRuns } from '../../lifecycle/dry-runs';
import { jobView } from '../../lifecycle/job.view';
import { JobStarter } from '../../provisioning-jobs/job-starter';
import { requirePlaneIdle } from '../../provisioning-jobs/live-jobs';
import { lockPlane } from '../../registry/plane-lock';
import { TenantPlane, isCell } from '../../registry/tenant-plane.entity';

/** Starts draining cells, and reopens drained cells. */
@Injectable()
export class Drains {
  constructor(
    private readonly database: Database,
    private readonly dryRuns: DryRuns,
    private readonly planes: TenantPlanes,
    private readonly starter: JobStarter,
    private readonly audit: Audit,
  ) {}

  /** Describes what {@link start} would do, without changing anything. */
  async plan(id: string): Promise<PlanView> {
    const { placed: tenants } = await this.database.read((manager) => this.requirePossible(manager, id));
    return { plan: { steps: this.dryRuns.stepsOf(CELL_DRAIN_STEPS), install_required: false, tenants } };
  }

  start(id: string): Promise<AcceptedForPlane> {
    return this.database.write(async (manager) => {
      await lockPlane(manager, id);
      const { placed: tenants } = await this.requirePossible(manager, id);
      const request = {
        operation: 'drain',
        tenantId: null,
        tenantPlaneId: id,
        steps: CELL_DRAIN_STEPS,
      } as const;
      const job = await this.starter.start(manager, request);
      const subject = { action: 'tenant_plane.drain', targetKind: 'tenant_plane', targetId: id };
      await this.audit.record(manager, { ...subject, after: { job_id: job.id, tenants } });
      return { tenant_plane: await this.planes.view(manager, id), job: jobView(job, null) };
    });
  }

  /** Lets a drained cell accept tenants again. */
  reopen(id: string): Promise<{ tenant_plane: TenantPlaneView }> {
    return this.database.write(async (manager) => {
      await lockPlane(manager, id);
      const cell = await requireCell(manager, id);
      await requirePlaneIdle(manager, id);
      if (!cell.acceptsTenants) {
        await manager.update(TenantPlane, { id }, { acceptsTenants: true });
        const subject = { action: 'tenant_plane.reopen', targetKind: 'tenant_plane', targetId: id };
        await this.audit.record(manager, subject);
      }
      return { tenant_plane: await this.planes.view(manager, id) };
    });
  }

  private async requirePossible(manager: EntityManager, id: string): Promise<TenantPlane> {
    const cell = await requireCell(manager, id);
    await requirePlaneIdle(manager, id);
    if (cell.status !== 'enrolled') throw notEnrolled(cell);
    if (!cell.acceptsTenants && cell.placed === 0) throw drained();
    const room = await roomElsewhere(manager, cell);
    if (room < cell.placed) throw noRoom(cell, room);
    return cell;
  }
}

async function requireCell(manager: EntityManager, id: string): Promise<TenantPlane> {
  const cell = await manager.findOneBy(TenantPlane, { id });
  if (!cell) throw new DomainError('not_found', 'not_found', 'There is no such tenant plane.');
  if (isCell(cell)) return cell;
  const detail =
    `A ${cell.deploymentModel} tenant plane serves only one tenant. Move that tenant instead: POST ` +
    '/api/tenants/<id>/move.';
  throw new DomainError('tenant_plane_not_a_cell', 'unprocessable', detail);
}

/** The number of free places in the region's other cells. */
async function roomElsewhere(manager: EntityManager, { id, region }: TenantPlane): Promise<number> {
  const query = manager
    .createQueryBuilder(TenantPlane, 'cell')
    .where({ deploymentModel: In(CELL_MODELS), status: 'enrolled', acceptsTenants: true })
    .andWhere('cell.id <> :id', { id })
    .select('sum(cell.capacity - cell.placed)', 'room');
  if (region !== null) query.andWhere({ region });
  return Number((await query.getRawOne<{ room: string | null }>())?.room ?? 0);
}

function notEnrolled({ status }: TenantPlane): DomainError {
  const detail = `The tenant plane is ${status}, so it has no tenants to move.`;
  return new DomainError('invalid_transition', 'conflict', detail);
}

function drained(): DomainError {
  const detail =
    'The cell is already drained. To let it accept tenants again: POST /api/tenant-planes/<id>/reopen.';
  return new DomainError('already_drained', 'conflict', detail);
}

function noRoom({ placed, region }: TenantPlane, room: number): DomainError {
  const where = region === null ? '' : ` in region ${region}`;
  const detail =
    `The cell has ${placed} tenants, but the other cells${where} have room for only ${room}. ` +
    'Register another cell first.';
  return new DomainError('no_capacity', 'unavailable', detail, {}, { 'retry-after': '60' });
}
