import { Database } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ControlPlaneConfig } from '../control-plane.config';
import { type RepeatableAnswer } from '../idempotency/sealed-idempotency';
import { TenantPlanes } from '../tenant-planes/tenant-planes.service';
import { versionProblem } from '../tenant-planes/version-policy';
import { jobView } from './job.view';
import { Operations } from './operations';
import { UpgradeJobs, requirePossible, wayOf } from './upgrade-jobs';
import { type PlanView } from './accepted.view';

/** Accepts that a tenant plane gets another version; workers take over. */
@Injectable()
export class Upgrades {
  constructor(
    private readonly database: Database,
    private readonly operations: Operations,
    private readonly jobs: UpgradeJobs,
    private readonly planes: TenantPlanes,
    private readonly config: ControlPlaneConfig,
  ) {}

  /** What `accept` would do. Changes nothing. */
  async plan(id: string, version?: string): Promise<PlanView> {
    const target = this.target(version);
    const plane = await this.database.read((manager) => requirePossible(manager, id, target));
    const steps = this.operations.upgrade(wayOf(plane));
    const described = steps.map(({ name, description, creates }) => ({ name, description, creates }));
    return { plan: { steps: described, install_required: false, from: plane.version, to: target } };
  }

  /** In the caller's transaction. */
  async accept(manager: EntityManager, id: string, version?: string): Promise<RepeatableAnswer> {
    const job = await this.jobs.begin(manager, id, this.target(version));
    return {
      status: 202,
      headers: { location: `/api/provisioning-jobs/${job.id}` },
      body: { tenant_plane: await this.planes.view(manager, id), job: jobView(job, null) },
    };
  }

  /** The version that is asked for, or the one that is meant where none is. */
  target(version = this.config.tenantPlaneVersion): string {
    const problem = versionProblem(version);
    if (problem !== null) throw new DomainError('version_unsupported', 'unprocessable', problem);
    return version;
  }
}
