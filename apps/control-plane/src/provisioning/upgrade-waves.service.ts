import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { type RepeatableAnswer } from '../idempotency/sealed-idempotency';
import { type UpgradeWaveDto } from '../tenant-planes/tenant-planes.dto';
import { type JobParams } from './job';
import { JobStarter } from './job-starter';
import { jobView } from './job.view';
import { Operations } from './operations';
import { candidates, wantedBy } from './upgrade-candidates';
import { Upgrades } from './upgrades.service';
import { type PlanView } from './accepted.view';

/** A dry run names this many; the wave takes all. */
const MAX_NAMED = 500;

/** Accepts that the planes which our drivers run get a version one batch after the other; workers take over. */
@Injectable()
export class UpgradeWaves {
  constructor(
    private readonly database: Database,
    private readonly operations: Operations,
    private readonly upgrades: Upgrades,
    private readonly starter: JobStarter,
    private readonly audit: Audit,
  ) {}

  /** What `accept` would do: which planes in which batch. Changes nothing. */
  plan(dto: UpgradeWaveDto): Promise<PlanView> {
    const params = this.paramsOf(dto);
    return this.database.read(async (manager) => {
      const query = await candidates(manager, wantedBy(params));
      const [planes, total] = await query.take(MAX_NAMED).getManyAndCount();
      if (total === 0) throw nothingToDo(params);
      const named = planes.map(({ id, name, version, region }) => ({ id, name, version, region }));
      const steps = this.operations
        .upgradeWave()
        .map(({ name, description, creates }) => ({ name, description, creates }));
      const waves = inBatches(named, dto.batch_size);
      return { plan: { steps, install_required: false, to: params['version'], total, waves } };
    });
  }

  /** Job, audit row and wake-up, in the caller's transaction. */
  async accept(manager: EntityManager, dto: UpgradeWaveDto): Promise<RepeatableAnswer> {
    const params = this.paramsOf(dto);
    const total = await (await candidates(manager, wantedBy(params))).getCount();
    if (total === 0) throw nothingToDo(params);
    const steps = this.operations.upgradeWave();
    const request = { operation: 'upgrade_wave', tenantId: null, params, steps } as const;
    const job = await this.starter.start(manager, request);
    const subject = { action: 'tenant_planes.upgrade', targetKind: 'job', targetId: job.id };
    await this.audit.record(manager, { ...subject, after: { ...params, tenant_planes: total } });
    const headers = { location: `/api/provisioning-jobs/${job.id}` };
    return { status: 202, headers, body: { job: jobView(job, null) } };
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

/** The first one goes alone. */
function inBatches<T>(all: readonly T[], size: number): T[][] {
  const batches = all.length > 0 ? [all.slice(0, 1)] : [];
  for (let start = 1; start < all.length; start += size) batches.push(all.slice(start, start + size));
  return batches;
}

function nothingToDo({ version }: JobParams): DomainError {
  const detail = `No tenant plane that was asked for is older than ${version}. What runs in which version: GET /api/tenant-planes.`;
  return new DomainError('already_up_to_date', 'conflict', detail);
}
