import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { LeaseLost, StepFailure } from '@atlas/jobs';
import { DomainError } from '@atlas/platform';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ControlPlaneConfig } from '../../../config/control-plane.config';
import {
  type FencedWrite,
  type FoundThing,
  type Infrastructure,
  InfrastructureDriver,
  type InfrastructureRequest,
  type InfrastructureSubject,
  type InspectedInfrastructure,
} from '../infrastructure-driver';
import { infrastructureName, isInfrastructureName } from '../infrastructure-name';
import { TerraformCli } from './terraform-cli';
import { TerraformDirectory } from './terraform-directory';
import { FENCE } from './terraform-fence';
import { planned } from './terraform-messages';
import { readOutputs } from './terraform-outputs';
import { TerraformRun } from './terraform-run';
import { terraformEnvironment, terraformVariables } from './terraform-variables';

/** Short, because an operator is waiting for the dry run. */
const DRY_RUN_MINUTES = 2;
/** How often the lease is checked. Between checks, a cancelled job may still acquire the state's lock. */
const LEASE_CHECK_MS = 1000;
const PAGE = 500;
const SECRET_VARIABLES = ['INTERNAL_SERVICE_SECRET', 'ATLAS_PROVISIONING_TOKEN'];

type Env = Readonly<Record<string, string>>;

/**
 * Creates and removes infrastructure with the terraform CLI and a configured module. Terraform's state is the
 * only record of what exists, so every call may be repeated after a crash at any point.
 */
@Injectable()
export class TerraformDriver extends InfrastructureDriver implements OnModuleDestroy {
  readonly name = 'terraform';
  /** A module may give the plane an address that contains the tenant's slug. */
  override readonly namesTenant = true;
  private readonly cli = new TerraformCli();

  constructor(private readonly config: ControlPlaneConfig) {
    super();
  }

  /**
   * Runs early in the shutdown, before the worker waits
   * for its jobs, because Terraform jobs take a long time.
   */
  onModuleDestroy(): void {
    void this.cli.end();
  }

  /** Plans in a temporary directory, with a temporary state. */
  async plan(subject: InfrastructureSubject): Promise<readonly string[]> {
    const folder = await mkdtemp(join(tmpdir(), 'atlas-terraform-plan-'));
    try {
      const directory = new TerraformDirectory(join(folder, 'module'), this.moduleDir);
      await directory.prepare();
      const run = this.run(directory, subject, this.exampleEnvironment(subject), DRY_RUN_MINUTES);
      await run.init();
      const module = basename(this.moduleDir);
      const addresses = planned('create', await run.plan()).filter((address) => address !== FENCE);
      return addresses.map((address) => `${address} (Terraform module ${module})`);
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      throw new DomainError(error.code, 'unavailable', error.message);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async create(request: InfrastructureRequest, write: FencedWrite): Promise<Infrastructure> {
    const directory = this.directoryOf(request);
    await directory.prepare();
    await this.run(directory, request, {}).init();
    // The environment is requested late, because requesting it
    // revokes a token with which the plane may be enrolling.
    const run = this.run(directory, request, await request.openEnvironment());
    await run.plan();
    await applyAsHolder(run, write);
    return readOutputs(await run.outputs());
  }

  async destroy(subject: InfrastructureSubject, write: FencedWrite): Promise<void> {
    const directory = this.directoryOf(subject);
    if (directory.exists) await directory.fence();
    // The state is stored remotely, so resources may exist even if the directory does not.
    else if (this.config.TERRAFORM_BACKEND_FILE !== undefined) await directory.prepare();
    else return;
    const run = this.run(directory, subject, this.exampleEnvironment(subject));
    await run.init();
    if (planned('delete', await run.plan(['-destroy'])).length === 0) {
      // Destroying an empty state changes nothing, so it would not invalidate the plan
      // of a worker that is about to create resources. Creating the fence first does.
      await run.plan([`-target=${FENCE}`]);
      await applyAsHolder(run, write);
      await run.plan(['-destroy']);
    }
    await applyAsHolder(run, write);
  }

  /** With a backend, the directory need not exist, because the state is stored remotely. */
  override async requireTracked(subject: InfrastructureSubject): Promise<void> {
    const { exists, path } = this.directoryOf(subject);
    if (!exists && this.config.TERRAFORM_BACKEND_FILE === undefined) throw stateMissing(subject, path);
  }

  override async forget(subject: InfrastructureSubject): Promise<void> {
    await this.directoryOf(subject).remove();
  }

  /**
   * Reports a missing directory, because the infrastructure may still
   * exist but cannot be changed or removed without the directory.
   */
  override async inspect(
    subjects: readonly InfrastructureSubject[],
  ): Promise<readonly InspectedInfrastructure[]> {
    if (this.config.TERRAFORM_BACKEND_FILE !== undefined) return [];
    return subjects.map((subject) => {
      const { exists, path } = this.directoryOf(subject);
      const state = `The plane's Terraform state is missing. Restore ${path} from a backup.`;
      return { tenantPlaneId: subject.tenantPlaneId, made: null, faults: exists ? {} : { state } };
    });
  }

  override async *things(): AsyncGenerator<readonly FoundThing[]> {
    const root = resolve(this.config.TERRAFORM_WORK_DIR);
    if (!existsSync(root)) return;
    const names = (await readdir(root)).filter(isInfrastructureName);
    for (let at = 0; at < names.length; at += PAGE)
      yield names.slice(at, at + PAGE).map((name) => ({ id: `directory ${join(root, name)}`, name }));
  }

  private run(
    directory: TerraformDirectory,
    subject: InfrastructureSubject,
    planeEnvironment: Env,
    timeoutMinutes = this.config.TERRAFORM_TIMEOUT_MINUTES,
  ): TerraformRun {
    const { TERRAFORM_VARIABLES_FILE: variablesFile } = this.config;
    const env = terraformEnvironment(process.env, terraformVariables(subject, planeEnvironment));
    const secrets = SECRET_VARIABLES.flatMap((name) => planeEnvironment[name] || []);
    return new TerraformRun(this.cli, {
      directory: directory.path,
      env,
      timeoutMinutes,
      secrets,
      ...(variablesFile !== undefined && { variablesFile: resolve(variablesFile) }),
    });
  }

  private directoryOf(subject: InfrastructureSubject): TerraformDirectory {
    const { TERRAFORM_WORK_DIR: root, TERRAFORM_BACKEND_FILE: backend } = this.config;
    const path = join(resolve(root), infrastructureName(subject));
    return new TerraformDirectory(path, this.moduleDir, backend && resolve(backend));
  }

  private get moduleDir(): string {
    return resolve(this.config.TERRAFORM_MODULE_DIR);
  }

  /** Placeholder values for a plane's environment, for runs that start no plane. */
  private exampleEnvironment({ deploymentModel }: InfrastructureSubject): Env {
    return {
      ATLAS_TP_DEPLOYMENT: deploymentModel,
      CONTROL_PLANE_BASE_URL: this.config.CONTROL_PLANE_PUBLIC_URL,
      INTERNAL_SERVICE_SECRET: 'none-in-a-dry-run',
      ATLAS_PROVISIONING_TOKEN: 'none-in-a-dry-run',
    };
  }
}

function stateMissing({ slug }: InfrastructureSubject, path: string): StepFailure {
  const detail =
    `The Terraform state of tenant "${slug}" is missing: ${path} does not exist, but infrastructure may ` +
    'have been created with it. Nothing was created or removed.';
  const fix =
    'Atlas on-call: mount the volume for TERRAFORM_WORK_DIR, or restore the directory from a backup, then ' +
    'retry the job. If the tenant plane is to be removed and its state is permanently lost, remove its ' +
    'infrastructure by hand, create an empty directory there, then retry the job.';
  return new StepFailure('operator', 'state_missing', detail, fix);
}

/**
 * A worker that has lost its lease starts no apply, and an apply that is waiting for the
 * state's lock is interrupted. If an apply gets through anyway, Terraform refuses its
 * plan, because every applied plan changes the fence and thus makes older plans stale.
 */
async function applyAsHolder(run: TerraformRun, write: FencedWrite): Promise<void> {
  const demandLease = (): Promise<void> => write(async () => undefined);
  await demandLease();
  const lost = new AbortController();
  const loseIt = (error: unknown): void => {
    if (error instanceof LeaseLost) lost.abort(error);
  };
  const timer = setInterval(() => void demandLease().catch(loseIt), LEASE_CHECK_MS);
  await run.apply(lost.signal).finally(() => clearInterval(timer));
}
