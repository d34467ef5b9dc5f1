import { profileOf } from '@atlas/deployment-profiles';
import { FaultPoints, done } from '@atlas/jobs';
import { type ReportedState } from '@atlas/plane-contract';
import { type DatabaseDriver, eventually } from '@atlas/testing';
import type supertest from 'supertest';
import { IsNull } from 'typeorm';
import { AwaitCopyStep } from '../src/operations/move/await-copy.step';
import { ProvisioningJob } from '../src/provisioning-jobs/provisioning-job.entity';
import { ProvisioningHost } from '../src/provisioning-jobs/provisioning-host';
import { TenantPlane } from '../src/registry/tenant-plane.entity';
import { Transfer } from '../src/registry/transfer.entity';
import { type Env, TestControlPlane } from './control-plane.fixture';
import { type PlaneSimulator } from './plane-simulator.fixture';

/**
 * The steps that provision a shared tenant. {@link beforeReport} repeats a value for each step before the
 * cell's report, and {@link afterReport} for each step after it.
 */
export const STEPS = profileOf('shared').provisioning.steps;
const REPORT = STEPS.indexOf('await-report');
export const beforeReport = <T>(value: T): T[] => STEPS.slice(0, REPORT).map(() => value);
export const afterReport = <T>(value: T): T[] => STEPS.slice(REPORT + 1).map(() => value);

export const JOBS = '/api/provisioning-jobs';

interface JobView {
  readonly status: string;
  readonly finished_at: string | null;
  readonly error: Readonly<Record<'code' | 'detail' | 'class' | 'fix', string>> | null;
  readonly steps: readonly {
    readonly name: string;
    readonly status: string;
    readonly attempt: number;
    readonly started_at: string | null;
    readonly finished_at: string | null;
    readonly waiting_for?: string | null;
    readonly error: { readonly code: string; readonly fix: string } | null;
  }[];
}

export function stepOf<S extends { readonly name: string }>(
  { steps }: { readonly steps: readonly S[] },
  name: string,
): S | undefined {
  return steps.find((step) => step.name === name);
}

/** Leaves each step to a worker, which runs it in a transaction of its own. */
export function oneByOne({ app }: TestControlPlane): jest.SpyInstance {
  return jest.spyOn(app.get(ProvisioningHost), 'combinesSteps').mockReturnValue(false);
}

interface Waiting {
  readonly job: string;
  readonly id: string;
  readonly slug: string;
}

/** A Control Plane with one cell, whose jobs the tests view and control as an operator would. */
export class JobScene {
  /** The tenants whose next copy is complete at once. */
  private readonly toCopy = new Set<string>();

  private constructor(
    readonly plane: TestControlPlane,
    readonly cell: PlaneSimulator,
  ) {}

  static async set(
    driver: DatabaseDriver,
    env: Env = {},
    through?: (url: string) => string,
  ): Promise<JobScene> {
    const plane = await TestControlPlane.boot(driver, env, undefined, through);
    return new JobScene(plane, await plane.enrolledCell());
  }

  async job(id: string): Promise<JobView> {
    return (await this.plane.get(`${JOBS}/${id}`).expect(200)).body;
  }
  async reaches(id: string, status: string): Promise<void> {
    await eventually(async () => (await this.job(id)).status === status, {
      what: `the job is ${status}`,
      found: () => this.plane.describeJobs({ id }),
    });
  }
  async statesOf(id: string): Promise<string[]> {
    return (await this.job(id)).steps.map((step) => step.status);
  }
  /** The duration of each step in seconds. Null for a step that has not finished. */
  async tookOf(id: string): Promise<(number | null)[]> {
    return (await this.job(id)).steps.map(({ started_at: from, finished_at: to }) =>
      from === null || to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000,
    );
  }
  /** Makes the job check again now, without a wake-up. Returns once the job finishes or waits again. */
  async looksAgain(id: string): Promise<JobView> {
    // An attempt that is still running would overwrite the due time.
    await this.plane.settle();
    await this.plane.change(ProvisioningJob, { id }, { dueAt: this.plane.clock.now() });
    await this.plane.sweep();
    return this.job(id);
  }
  /** Runs `happens` just before a job next reaches the step. Resolves once `happens` is done. */
  before(step: string, happens: () => Promise<void>): Promise<void> {
    const apart = this.oneByOne();
    return new Promise((resolve, reject) => {
      const spy = jest.spyOn(this.plane.app.get(FaultPoints), 'reach').mockImplementation(async (...at) => {
        if (at[1] !== step || at[2] !== 'before') return;
        spy.mockRestore();
        apart.mockRestore();
        await happens().then(resolve, reject);
      });
    });
  }
  oneByOne(): jest.SpyInstance {
    return oneByOne(this.plane);
  }
  /** Makes the next copy of the tenant nearly complete as soon as the move waits for it. */
  copiesAtOnce(tenantId: string): void {
    this.toCopy.add(tenantId);
    const step = this.plane.app.get(AwaitCopyStep);
    jest.spyOn(step, 'run').mockImplementation(async (context) => {
      // The jobs of earlier tests may wait for their copies too.
      if (!this.toCopy.delete(context.tenantId)) return AwaitCopyStep.prototype.run.call(step, context);
      const level = { parts: 1, imported: 1, lastKind: 'changes', lastChanges: 0 } as const;
      await context.manager.update(Transfer, { tenantId: context.tenantId, endedAt: IsNull() }, level);
      return done();
    });
  }
  act(id: string, action: 'retry' | 'cancel' | 'rollback'): supertest.Test {
    return this.plane.post(`${JOBS}/${id}/${action}`);
  }
  async tenant(id: string): Promise<Record<string, unknown>> {
    return (await this.plane.get(`/api/tenants/${id}`).expect(200)).body;
  }
  /** How many of the cell's places are taken. */
  async placed(): Promise<number> {
    return (await this.plane.rows(TenantPlane, { id: this.cell.id }))[0]?.placed ?? -1;
  }

  /** Provisions a tenant whose entry the cell has pulled but not yet reported. */
  async waiting(): Promise<Waiting> {
    const { body } = await this.plane.provision();
    while (!this.cell.tenants.has(body.tenant.id)) await this.cell.pull(10);
    await this.reaches(body.job.id, 'waiting');
    return { job: body.job.id, id: body.tenant.id, slug: body.tenant.slug };
  }

  async report(id: string, state: ReportedState, error?: string): Promise<void> {
    const entry_revision = this.cell.tenants.get(id)?.entry_revision ?? 0;
    const reported = { tenant_id: id, state, entry_revision, ...(error !== undefined && { error }) };
    expect((await this.cell.report([reported])).status).toBe(200);
  }
}
