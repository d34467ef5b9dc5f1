import {
  FAILED_JOB_STATUSES,
  LIVE_JOB_STATUSES,
  StepFailure,
  type StepResult,
  done,
  wait,
} from '@atlas/jobs';
import { Clock, ignoring } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import { TenantOperations } from '../../lifecycle/tenant-operations';
import { HAS_LIVE_JOB } from '../../provisioning-jobs/live-jobs';
import { OPERATION_RULES } from '../../provisioning-jobs/operation-rules';
import { ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';
import { type ProvisioningContext, ProvisioningStep } from '../../provisioning-jobs/provisioning-step';
import { Cells } from '../../registry/cells';
import { Placement } from '../../registry/placement.entity';
import { IS_COPY_LOST } from '../../registry/placements';
import { lockPlane } from '../../registry/plane-lock';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { Tenant } from '../../registry/tenant.entity';

const AT_ONCE = 4;
/** A finished move wakes the job. To notice other changes, the job polls at this interval. */
const LOOK_AGAIN_MS = 60_000;
const PATIENCE_MS = 7 * 24 * 3_600_000;
const MAX_NAMED = 5;
const LIVE = In([...LIVE_JOB_STATUSES]);

/**
 * SQL: whether the tenant in the row aliased `tenant` still has
 * a place from a failed move. Such a place blocks another move.
 */
const IS_HALF_MOVED = `exists (select 1 from placements coming
  where coming.tenant_id = tenant.id and coming.phase = 'importing' and coming.holds_place)`;

/** The progress of the cell's tenants, mostly as counts, because there may be many. */
interface Tally {
  readonly moved: number;
  readonly moving: number;
  /** The first few moves that have failed since the drain was last started or retried. */
  readonly failed: readonly ProvisioningJob[];
  /** The number of tenants that have a place in the cell and are not moving. */
  readonly left: number;
  /** Tenants that can be moved now, oldest first, at most AT_ONCE. */
  readonly movable: readonly Tenant[];
  /** Tenants whose rows the cell has lost, oldest first. A person decides what to do with each. */
  readonly lost: readonly Tenant[];
  /** Whether other jobs are running for any of the remaining tenants. */
  readonly isBusy: boolean;
}

/**
 * Moves each tenant in a separate job, a few at a time. The step keeps no
 * list of tenants, because every tenant with a place in the cell still has
 * to be moved. It can therefore be repeated after a crash at any point.
 */
@Injectable()
export class MoveTenantsStep extends ProvisioningStep {
  readonly name = 'move-tenants';
  readonly description =
    "Move the cell's tenants to other cells in the region, each with a separate operation";
  readonly creates = [];
  override readonly isAtomic = false;

  constructor(
    private readonly operations: TenantOperations,
    private readonly cells: Cells,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(context: ProvisioningContext): Promise<StepResult> {
    const tally = await tallyOf(context);
    const { moved, moving, failed, left, movable, isBusy } = tally;
    if (left + moving === 0) {
      await context.write((manager) => requireClosed(manager, context.tenantPlaneId));
      return done({ moved });
    }
    if (failed.length === 0)
      for (const tenant of movable.slice(0, AT_ONCE - moving)) await this.begin(context, tenant);
    const isStuck = moving === 0 && (failed.length > 0 || (movable.length === 0 && !isBusy));
    if (isStuck) throw await stopped(context, tally);
    const { startedAt } = context;
    const [deadline, next] = [startedAt.getTime() + PATIENCE_MS, this.clock.now().getTime() + LOOK_AGAIN_MS];
    const what = `the cell's tenants to move (${moved} of ${moved + moving + left} have moved)`;
    return wait(what, new Date(Math.min(deadline, next)));
  }

  async undo(): Promise<void> {
    // Moved tenants stay where they are, and running moves finish.
  }

  /** If another job for the tenant has started in the meantime, the next poll tries the tenant again. */
  private async begin(
    { jobId, tenantPlaneId, write }: ProvisioningContext,
    { id, region }: Tenant,
  ): Promise<void> {
    const begun = write(async (manager) => {
      const { region: here } = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
      const target = await this.cells.emptiest(manager, { region: region ?? here, except: tenantPlaneId });
      if (!target) throw noRoom(region ?? here);
      const params = { deployment_model: target.deploymentModel, tenant_plane_id: target.id };
      await this.operations.start(manager, id, 'move', { params, parentId: jobId });
    });
    await begun.catch(
      ignoring(
        'operation_in_progress',
        'invalid_transition',
        'move_unfinished',
        'copy_lost',
        'tenant_plane_retired',
      ),
    );
  }
}

async function tallyOf({ manager, jobId: parentId, tenantPlaneId }: ProvisioningContext): Promise<Tally> {
  const moves = manager.getRepository(ProvisioningJob);
  const moving = await moves.countBy({ parentId, status: LIVE });
  const failed = { parentId, status: In([...FAILED_JOB_STATUSES]), isDismissed: false };
  const here = tenantsOf(manager, tenantPlaneId);
  const idle = here.clone().andWhere(`not ${HAS_LIVE_JOB}`, { live: LIVE_JOB_STATUSES });
  const movable = idle
    .clone()
    .andWhere({ status: In([...OPERATION_RULES.move.from]) })
    .andWhere(`not ${IS_HALF_MOVED}`)
    .andWhere(`not ${IS_COPY_LOST}`);
  const lost = here.clone().andWhere(IS_COPY_LOST);
  const placed = await here.getCount();
  return {
    moved: await moves.countBy({ parentId, status: 'succeeded' }),
    moving,
    failed: await moves.find({ where: failed, order: { id: 'ASC' }, take: MAX_NAMED }),
    left: placed - moving,
    movable: await movable.take(AT_ONCE).getMany(),
    lost: await lost.take(MAX_NAMED).getMany(),
    isBusy: placed - moving > (await idle.getCount()),
  };
}

/**
 * Tenants with a place in the cell, oldest first. The cell
 * is either their home or the cell that they are moving to.
 */
function tenantsOf(manager: EntityManager, tenantPlaneId: string): SelectQueryBuilder<Tenant> {
  return manager
    .createQueryBuilder(Tenant, 'tenant')
    .innerJoin(Placement, 'place', 'place.tenantId = tenant.id')
    .where('place.tenantPlaneId = :tenantPlaneId and place.holdsPlace', { tenantPlaneId })
    .orderBy('tenant.id');
}

/**
 * The failure of a drain that cannot continue. It names the tenants
 * whose moves failed or, if no move failed, those that cannot be moved.
 */
async function stopped(
  { manager, jobId, tenantPlaneId }: ProvisioningContext,
  { failed, left, moved, lost }: Tally,
): Promise<StepFailure> {
  const stay = tenantsOf(manager, tenantPlaneId);
  if (failed.length > 0) stay.andWhere({ id: In(failed.map(({ tenantId }) => tenantId)) });
  const named = (await stay.take(MAX_NAMED).getMany()).map(({ slug, status }) => `${slug} (${status})`);
  const slugs = lost.map(({ slug }) => slug).join(', ');
  const codes = [...new Set(failed.map(({ error, status }) => error?.code ?? status))].join(', ');
  const why = codes === '' ? 'cannot move in their current state' : `did not move (${codes})`;
  const without = slugs && ` The cell no longer has the rows of ${slugs}.`;
  const counts = `moved: ${moved}, left: ${left}`;
  const detail = `Some tenants ${why}, including ${named.join(', ')}; ${counts}.${without}`;
  const back =
    slugs &&
    ' A tenant whose rows are lost can only move back to a plane that still has them. POST ' +
      '/api/tenants/<id>/move?dry_run=true shows which plane that is, if any, and what else to do.';
  const fix =
    `Atlas on-call: find out why (GET /api/provisioning-jobs?parent_id=${jobId}). Fix or remove those ` +
    'tenants, retry or roll back failed moves, then retry this job to move the remaining ' +
    `tenants.${back}`;
  return new StepFailure('operator', 'drain_incomplete', detail, fix);
}

/**
 * The operator may switch off the machine once the drain has
 * succeeded, so the drain must not succeed while the cell is open.
 */
async function requireClosed(manager: EntityManager, id: string): Promise<void> {
  const { name, acceptsTenants } = await lockPlane(manager, id);
  if (!acceptsTenants) return;
  const detail = `Cell "${name}" is empty but has been reopened, so new tenants may be placed there.`;
  const fix = `Atlas on-call: to drain it anyway, start a new drain (POST /api/tenant-planes/${id}/drain).`;
  throw new StepFailure('operator', 'cell_reopened', detail, fix);
}

function noRoom(region: string | null): StepFailure {
  const where = region === null ? '' : ` in region ${region}`;
  const fix = 'Atlas on-call: register another cell (POST /api/tenant-planes), then retry the job.';
  return new StepFailure('operator', 'no_capacity', `No other cell${where} has room.`, fix);
}
