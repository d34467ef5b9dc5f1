import {
  FAILED_JOB_STATUSES,
  LIVE_JOB_STATUSES,
  StepFailure,
  type StepResult,
  done,
  wait,
} from '@atlas/jobs';
import { Clock, DomainError } from '@atlas/platform';
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
/** A move that ends wakes the job; whatever else goes on at a tenant is looked at this often. */
const LOOK_AGAIN_MS = 60_000;
const PATIENCE_MS = 7 * 24 * 3_600_000;
const MAX_NAMED = 5;
const LIVE = In([...LIVE_JOB_STATUSES]);

/** A move that failed still holds a place: no other one begins before it is retried or rolled back. */
const IS_HALF_MOVED = `exists (select 1 from placements coming
  where coming.tenant_id = tenant.id and coming.phase = 'importing' and coming.holds_place)`;

/** What has become of the tenants of the cell: counts, since they may be many. */
interface Tally {
  readonly moved: number;
  readonly moving: number;
  /** Since the drain was begun, or begun again; the first of them. */
  readonly failed: readonly ProvisioningJob[];
  /** With a place there, and not on the way to another one. */
  readonly left: number;
  /** Of them those that can be moved now, oldest first: as many as may be on the way at once. */
  readonly movable: readonly Tenant[];
  /** Those whose rows the cell has lost, oldest first. A person decides what to do with each. */
  readonly lost: readonly Tenant[];
  /** Whether something else is in work at some of them. */
  readonly isBusy: boolean;
}

/**
 * Each tenant moves by an operation of its own, some at once. The step keeps no list: who is left is who has
 * a place in the cell, so it may be taken again after a crash at any point.
 */
@Injectable()
export class MoveTenantsStep extends ProvisioningStep {
  readonly name = 'move-tenants';
  readonly description = 'Move its tenants to other cells of the region, one operation each';
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
    const what = `tenants to move: ${moved} of ${moved + moving + left} have`;
    return wait(what, new Date(Math.min(deadline, next)));
  }

  async undo(): Promise<void> {
    // Who has moved stays there, and who is on the way arrives.
  }

  /** One that something else has begun with meanwhile is met again at the next look. */
  private async begin(
    { jobId, tenantPlaneId, write }: ProvisioningContext,
    { id, region }: Tenant,
  ): Promise<void> {
    const begun = write(async (manager) => {
      const { region: here } = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
      const target = await this.cells.emptiest(manager, { region: region ?? here, except: tenantPlaneId });
      if (!target) throw noRoom(region ?? here);
      const params = { deployment_model: 'shared', tenant_plane_id: target.id };
      await this.operations.start(manager, id, 'move', { params, parentId: jobId });
    });
    await begun.catch((error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
    });
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

/** With a place in the cell, oldest first: at home there, or on the way to it. */
function tenantsOf(manager: EntityManager, tenantPlaneId: string): SelectQueryBuilder<Tenant> {
  return manager
    .createQueryBuilder(Tenant, 'tenant')
    .innerJoin(Placement, 'place', 'place.tenantId = tenant.id')
    .where('place.tenantPlaneId = :tenantPlaneId and place.holdsPlace', { tenantPlaneId })
    .orderBy('tenant.id');
}

/** Those that did not move, or, where none has failed, those that cannot. */
async function stopped(
  { manager, jobId, tenantPlaneId }: ProvisioningContext,
  { failed, left, moved, lost }: Tally,
): Promise<StepFailure> {
  const stay = tenantsOf(manager, tenantPlaneId);
  if (failed.length > 0) stay.andWhere({ id: In(failed.map(({ tenantId }) => tenantId)) });
  const named = (await stay.take(MAX_NAMED).getMany()).map(({ slug, status }) => `${slug} (${status})`);
  const slugs = lost.map(({ slug }) => slug).join(', ');
  const codes = [...new Set(failed.map(({ error, status }) => error?.code ?? status))].join(', ');
  const why = codes === '' ? 'cannot move as they are' : `did not move (${codes})`;
  const without = slugs && ` The cell no longer has the rows of ${slugs}.`;
  const detail = `Tenants ${why}, among them ${named.join(', ')}; moved: ${moved}, left: ${left}.${without}`;
  const back =
    slugs &&
    ' A tenant whose rows are lost only moves back to where they are kept: POST ' +
      '/api/tenants/<id>/move?dry_run=true says where that is and what else to do.';
  const fix =
    `Atlas on-call: see why (GET /api/provisioning-jobs?parent_id=${jobId}), fix or remove those ` +
    'tenants, retry or roll back a move that failed, then retry this job: it moves the remaining ' +
    `ones.${back}`;
  return new StepFailure('operator', 'drain_incomplete', detail, fix);
}

/**
 * The operator may switch off the machine once the drain has
 * succeeded, so the drain never succeeds for an open cell.
 */
async function requireClosed(manager: EntityManager, id: string): Promise<void> {
  const { name, acceptsTenants } = await lockPlane(manager, id);
  if (!acceptsTenants) return;
  const detail = `Cell "${name}" is empty, but it has been reopened: new tenants may be placed there at any time.`;
  const fix = `Atlas on-call: to drain it after all, start a new drain (POST /api/tenant-planes/${id}/drain).`;
  throw new StepFailure('operator', 'cell_reopened', detail, fix);
}

function noRoom(region: string | null): StepFailure {
  const where = region === null ? '' : ` of region ${region}`;
  const fix = 'Atlas on-call: register another cell (POST /api/tenant-planes), then retry the job.';
  return new StepFailure('operator', 'no_capacity', `No other cell${where} has room.`, fix);
}
