import {
  FAILED_JOB_STATUSES,
  LIVE_JOB_STATUSES,
  StepFailure,
  type StepResult,
  done,
  wait,
} from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Clock, ignoring } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { ProvisioningJob } from '../../provisioning-jobs/provisioning-job.entity';
import { type ProvisioningContext } from '../../provisioning-jobs/provisioning-step';
import { TenantPlane } from '../../registry/tenant-plane.entity';
import { type Wanted, candidates, wantedBy } from './upgrade-candidates';
import { Upgrades } from './upgrades';

/** A finished upgrade wakes the wave. To notice other changes, the wave polls at this interval. */
const LOOK_AGAIN_MS = 60_000;
const PATIENCE_MS = 7 * 24 * 3_600_000;
const MAX_NAMED = 3;

/** How many upgrades a step of a wave starts at once, and how many failures it tolerates. */
export interface Pace {
  readonly atOnce: number;
  readonly maxFailures: number;
  /** Whether the step is done once one plane is upgraded. */
  readonly isCanary: boolean;
}

interface Tally {
  readonly live: readonly ProvisioningJob[];
  readonly upgraded: readonly ProvisioningJob[];
  /** Upgrades that have failed since the wave was last started or retried. */
  readonly failed: readonly ProvisioningJob[];
}

/**
 * Runs one turn of a wave: checks the running upgrades, then starts the next ones. No list of
 * planes is kept, because every plane that runs an older version and that the wave has not
 * tried still has to be upgraded. A turn can therefore be repeated after a crash at any point.
 */
@Injectable()
export class UpgradeTurn {
  constructor(
    private readonly database: Database,
    private readonly upgrades: Upgrades,
    private readonly clock: Clock,
  ) {}

  async take(context: ProvisioningContext, { atOnce, maxFailures, isCanary }: Pace): Promise<StepResult> {
    const tally = await this.tally(context);
    const { live, upgraded, failed } = tally;
    if (live.length > 0) return this.look(context, tally);
    if (failed.length > maxFailures) throw await this.stopped(context, tally);
    if (isCanary && upgraded.length > 0) return done({ upgraded: upgraded.length });
    const begun = await this.begin(context, tally, atOnce);
    if (begun === 'none left') return done({ upgraded: upgraded.length, failed: failed.length });
    return this.look(context, await this.tally(context));
  }

  private async tally({ jobId: parentId }: ProvisioningContext): Promise<Tally> {
    const jobs = await this.database.read((manager) => manager.findBy(ProvisioningJob, { parentId }));
    return {
      live: jobs.filter(({ status }) => LIVE_JOB_STATUSES.includes(status)),
      upgraded: jobs.filter(({ status }) => status === 'succeeded'),
      failed: jobs.filter(({ status, isDismissed }) => FAILED_JOB_STATUSES.includes(status) && !isDismissed),
    };
  }

  /** Starts each upgrade in a separate transaction. A busy plane is skipped until a later turn. */
  private async begin(
    { jobId, params, write }: ProvisioningContext,
    tally: Tally,
    atOnce: number,
  ): Promise<'some' | 'none left'> {
    const wanted = wantedBy(params);
    const planes = await this.database.read(async (manager) =>
      (await left(manager, wanted, tally)).getMany(),
    );
    let begun = 0;
    for (const { id } of planes) {
      if (begun === atOnce) break;
      const isBegun = await write((manager) =>
        this.upgrades.startJob(manager, id, wanted.version, jobId),
      ).catch(ignoring('operation_in_progress', 'invalid_transition', 'already_up_to_date', 'not_found'));
      if (isBegun) begun += 1;
    }
    return planes.length > 0 ? 'some' : 'none left';
  }

  private async look({ params, startedAt }: ProvisioningContext, tally: Tally): Promise<StepResult> {
    const { live, upgraded, failed } = tally;
    const rest = await this.database.read(async (manager) =>
      (await left(manager, wantedBy(params), tally)).getCount(),
    );
    const total = upgraded.length + failed.length + live.length + rest;
    const now = live.length > 0 ? await this.namesOf(live) : 'other jobs on the remaining planes to finish';
    const [deadline, next] = [startedAt.getTime() + PATIENCE_MS, this.clock.now().getTime() + LOOK_AGAIN_MS];
    return wait(`${now} (${upgraded.length} of ${total} are upgraded)`, new Date(Math.min(deadline, next)));
  }

  private async stopped(
    { jobId, params }: ProvisioningContext,
    { failed, upgraded }: Tally,
  ): Promise<StepFailure> {
    const codes = failed.map(({ error, status }) => error?.code ?? status);
    const which = `${await this.namesOf(failed)} (${[...new Set(codes)].join(', ')})`;
    const detail =
      `The wave to ${params['version']} stopped after too many failures. Failed: ${which}; upgraded: ` +
      `${upgraded.length}.`;
    const fix =
      `Atlas on-call: find out why (GET /api/provisioning-jobs?parent_id=${jobId}). Fix the release and ` +
      'retry this job to upgrade the remaining planes, or start a wave with a different version.';
    return new StepFailure('operator', 'wave_stopped', detail, fix);
  }

  private async namesOf(jobs: readonly ProvisioningJob[]): Promise<string> {
    const ids = jobs.slice(0, MAX_NAMED).map(({ tenantPlaneId }) => tenantPlaneId ?? '');
    const planes = await this.database.read((manager) => manager.findBy(TenantPlane, { id: In(ids) }));
    const more = jobs.length > MAX_NAMED ? ` and ${jobs.length - MAX_NAMED} more` : '';
    return `${planes.map(({ name }) => name).join(', ')}${more}`;
  }
}

/**
 * Planes that this wave has not tried to upgrade. If a plane that the wave has upgraded
 * runs an older version again, an operator has rolled it back, so the wave leaves it alone.
 */
function left(
  manager: EntityManager,
  wanted: Wanted,
  { live, upgraded, failed }: Tally,
): ReturnType<typeof candidates> {
  return candidates(
    manager,
    wanted,
    [...live, ...upgraded, ...failed].map(({ tenantPlaneId }) => tenantPlaneId ?? ''),
  );
}
