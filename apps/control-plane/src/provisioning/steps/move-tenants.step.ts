import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { Cells } from '../../tenant-planes/cells';
import { Placement } from '../../tenant-planes/placement.entity';
import { TenantPlane } from '../../tenant-planes/tenant-plane.entity';
import { Tenant } from '../../tenants/tenant.entity';
import { LIVE_JOB_STATUSES } from '../job';
import { ProvisioningJob } from '../job.entity';
import { OPERATION_RULES } from '../operation-rules';
import { TenantJobs } from '../tenant-jobs';
import { Step, type StepContext, StepFailure, type StepResult, done, wait } from '../step';

const AT_ONCE = 4;
/** A move that ends wakes the job; whatever else goes on at a tenant is looked at this often. */
const LOOK_AGAIN_MS = 60_000;
const PATIENCE_MS = 7 * 24 * 3_600_000;
const MAX_NAMED = 5;

/** What has become of the tenants of the cell. */
interface Tally {
  readonly moved: number;
  readonly moving: number;
  /** Since the step began, or was begun again. */
  readonly failed: readonly ProvisioningJob[];
  /** Who has a place there, oldest first, and is not on the way to another one. */
  readonly left: readonly Tenant[];
  /** Of them: what is in work at them otherwise. */
  readonly busy: ReadonlySet<string>;
}

/**
 * Each tenant moves by an operation of its own, some at once. The step keeps no list: who is left is who has a place in the
 * cell, so it may be taken again after a crash at any point.
 */
@Injectable()
export class MoveTenantsStep extends Step {
  readonly name = 'move-tenants';
  readonly description = 'Move its tenants to other cells of the region, one operation each';
  readonly creates = [];
  override readonly isAtomic = false;

  constructor(
    private readonly tenantJobs: TenantJobs,
    private readonly cells: Cells,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(context: StepContext): Promise<StepResult> {
    const tally = await tallyOf(context);
    const { moved, moving, failed, left, busy } = tally;
    if (left.length + moving === 0) return done({ moved });
    const movable = left.filter(
      ({ id, status }) => !busy.has(id) && OPERATION_RULES.move.from.includes(status),
    );
    if (failed.length === 0)
      for (const tenant of movable.slice(0, AT_ONCE - moving)) await this.begin(context, tenant);
    const isStuck = moving === 0 && (failed.length > 0 || movable.length + busy.size === 0);
    if (isStuck) throw stopped(context, tally);
    const { startedAt } = context;
    const [deadline, next] = [startedAt.getTime() + PATIENCE_MS, this.clock.now().getTime() + LOOK_AGAIN_MS];
    const what = `tenants to move: ${moved} of ${moved + moving + left.length} have`;
    return wait(what, new Date(Math.min(deadline, next)));
  }

  async undo(): Promise<void> {
    // Who has moved stays there, and who is on the way arrives.
  }

  /** One that something else has begun with meanwhile is met again at the next look. */
  private async begin({ jobId, tenantPlaneId, write }: StepContext, { id, region }: Tenant): Promise<void> {
    const begun = write(async (manager) => {
      const { region: here } = await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId });
      const target = await this.cells.emptiest(manager, { region: region ?? here, except: tenantPlaneId });
      if (!target) throw noRoom(region ?? here);
      const params = { deployment_model: 'shared', tenant_plane_id: target.id };
      await this.tenantJobs.begin(manager, id, 'move', { params, parentId: jobId });
    });
    await begun.catch((error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
    });
  }
}

async function tallyOf({ manager, jobId: parentId, tenantPlaneId, startedAt }: StepContext): Promise<Tally> {
  const moves = await manager.findBy(ProvisioningJob, { parentId });
  const live = await jobsAt(manager, tenantPlaneId);
  const moving = new Set(moves.filter(isLive).map(({ tenantId }) => tenantId));
  const tenants = await tenantsOf(manager, tenantPlaneId);
  const left = tenants.filter(({ id }) => !moving.has(id));
  const isFailed = ({ status, finishedAt }: ProvisioningJob): boolean =>
    ['failed', 'cancelled'].includes(status) && finishedAt !== null && finishedAt >= startedAt;
  return {
    moved: moves.filter(({ status }) => status === 'succeeded').length,
    moving: moving.size,
    failed: moves.filter(isFailed),
    left,
    busy: new Set(left.map(({ id }) => id).filter((id) => live.has(id))),
  };
}

/** With a place in the cell: at home there, or on the way to it. */
export function tenantsOf(manager: EntityManager, tenantPlaneId: string): Promise<Tenant[]> {
  return manager
    .createQueryBuilder(Tenant, 'tenant')
    .innerJoin(Placement, 'place', 'place.tenantId = tenant.id')
    .where('place.tenantPlaneId = :tenantPlaneId and place.holdsPlace', { tenantPlaneId })
    .orderBy('tenant.id')
    .getMany();
}

async function jobsAt(manager: EntityManager, tenantPlaneId: string): Promise<ReadonlySet<string | null>> {
  const ids = (await tenantsOf(manager, tenantPlaneId)).map(({ id }) => id);
  const where = { tenantId: In(ids), status: In([...LIVE_JOB_STATUSES]) };
  return new Set((await manager.findBy(ProvisioningJob, where)).map(({ tenantId }) => tenantId));
}

function isLive({ status }: ProvisioningJob): boolean {
  return LIVE_JOB_STATUSES.includes(status);
}

function stopped({ jobId }: StepContext, { failed, left, moved }: Tally): StepFailure {
  const ofFailed = failed.map(({ tenantId }) => tenantId);
  const stay = left.filter(({ id }) => failed.length === 0 || ofFailed.includes(id));
  const named = stay.slice(0, MAX_NAMED).map(({ slug, status }) => `${slug} (${status})`);
  const codes = [...new Set(failed.map(({ error, status }) => error?.code ?? status))].join(', ');
  const why = codes === '' ? 'cannot move as they are' : `did not move (${codes})`;
  const detail = `${stay.length} tenants ${why}: ${named.join(', ')}; moved: ${moved}. See GET /api/provisioning-jobs?parent_id=${jobId}. Mend or remove them, then retry this job, which goes on with those that are left.`;
  return new StepFailure('operator', 'drain_incomplete', detail);
}

function noRoom(region: string | null): StepFailure {
  const where = region === null ? '' : ` of region ${region}`;
  const detail = `No other cell${where} has room. Register another one, then retry the job.`;
  return new StepFailure('operator', 'no_capacity', detail);
}
