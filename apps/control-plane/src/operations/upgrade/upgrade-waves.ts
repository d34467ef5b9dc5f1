import { UPGRADE_WAVE_STEPS } from '@atlas/deployment-profiles';
import { type JobParams } from '@atlas/jobs';
import { UpgradeWaveDto, type PlanView, type JobView } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../../audit/audit';
import { DryRuns } from '../../lifecycle/dry-runs';
import { jobView } from '../../lifecycle/job.view';
import { JobStarter } from '../../provisioning-jobs/job-starter';
import { candidates, wantedBy } from './upgrade-candidates';
import { Upgrades } from './upgrades';

/** A dry run names at most this many planes. The wave itself upgrades all planes. */
const MAX_NAMED = 500;

/** Starts the upgrade of all planes that our drivers run, in batches. */
@Injectable()
export class UpgradeWaves {
  constructor(
    private readonly database: Database,
    private readonly dryRuns: DryRuns,
    private readonly upgrades: Upgrades,
    private readonly starter: JobStarter,
    private readonly audit: Audit,
  ) {}

  /** Describes which planes {@link start} would upgrade in which batch, without changing anything. */
  plan(dto: UpgradeWaveDto): Promise<PlanView> {
    const params = this.paramsOf(dto);
    return this.database.read(async (manager) => {
      const query = await candidates(manager, wantedBy(params));
      const [planes, total] = await query.take(MAX_NAMED).getManyAndCount();
      if (total === 0) throw nothingToDo(params);
      const named = planes.map(({ id, name, version, region }) => ({ id, name, version, region }));
      const steps = this.dryRuns.stepsOf(UPGRADE_WAVE_STEPS);
      const waves = inBatches(named, dto.batch_size);
      return { plan: { steps, install_required: false, to: params['version'], total, waves } };
    });
  }

  start(dto: UpgradeWaveDto): Promise<{ job: JobView }> {
    const params = this.paramsOf(dto);
    return this.database.write(async (manager) => {
      const total = await (await candidates(manager, wantedBy(params))).getCount();
      if (total === 0) throw nothingToDo(params);
      const request = {
        operation: 'upgrade_wave',
        tenantId: null,
        params,
        steps: UPGRADE_WAVE_STEPS,
      } as const;
      const job = await this.starter.start(manager, request);
      const subject = { action: 'tenant_planes.upgrade', targetKind: 'job', targetId: job.id };
      await this.audit.record(manager, { ...subject, after: { ...params, tenant_planes: total } });
      return { job: jobView(job, null) };
    });
  }

  private paramsOf({
    version,
    deployment_model,
    region,
    batch_size,
    max_failures,
  }: UpgradeWaveDto): JobParams {
    const target = this.upgrades.target(version);
    return { version: target, deployment_model, region: region ?? null, batch_size, max_failures };
  }
}

/** The first batch is a single plane, the canary. */
function inBatches<T>(all: readonly T[], size: number): T[][] {
  const batches = all.length > 0 ? [all.slice(0, 1)] : [];
  for (let start = 1; start < all.length; start += size) batches.push(all.slice(start, start + size));
  return batches;
}

function nothingToDo({ version }: JobParams): DomainError {
  const detail =
    `None of the selected tenant planes is older than ${version}. To see their versions: GET ` +
    '/api/tenant-planes.';
  return new DomainError('already_up_to_date', 'conflict', detail);
}
