import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnvironment } from '@atlas/platform';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ControlPlaneConfig } from '../src/config/control-plane.config';
import {
  type FencedWrite,
  type InfrastructureSubject,
} from '../src/infrastructure/drivers/infrastructure-driver';
import { TerraformDriver } from '../src/infrastructure/drivers/terraform/terraform.driver';

const hasTerraform = spawnSync('terraform', ['version']).status === 0;
/** Each run starts Terraform several times. */
jest.setTimeout(60_000);

const describeWithTerraform = hasTerraform ? describe : describe.skip;

/** A module that records each version that it creates. Nothing else in the module changes the state. */
const moduleThatNotesIn = (file: string): string => `
variable "tenant_plane_version" {}

resource "terraform_data" "plane" {
  triggers_replace = [var.tenant_plane_version]
  provisioner "local-exec" {
    command = "echo \${var.tenant_plane_version} >> ${file}"
  }
}

output "endpoint_url" { value = "https://acme" }
output "db_url" { value = "postgres://acme" }
`;
const subjectOf = (version: string): InfrastructureSubject => ({
  tenantId: 't',
  slug: 'acme',
  tenantPlaneId: '00000000-plane',
  deploymentModel: 'dedicated',
  region: null,
  database: 'postgres',
  version,
});
const requestOf = (version: string) => ({ ...subjectOf(version), openEnvironment: async () => ({}) });
const STALE = { failureClass: 'retry', code: 'terraform_plan_stale' };

describeWithTerraform('a saved plan (skipped unless terraform is on the PATH)', () => {
  let root: string;
  let driver: TerraformDriver;
  // This driver's work never queries the database.
  const write: FencedWrite = (work) => work(new DataSource({ type: 'sqlite', database: ':memory:' }).manager);

  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['log', 'warn', 'error', 'fatal']));
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'atlas-terraform-fence-'));
    mkdirSync(join(root, 'module'));
    writeFileSync(join(root, 'module/main.tf'), moduleThatNotesIn(join(root, 'made')));
    driver = driverWith({});
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function driverWith(env: NodeJS.ProcessEnv): TerraformDriver {
    const keys = `k1:${Buffer.alloc(32).toString('base64')}`;
    const settings = {
      CONTROL_PLANE_SEALING_KEYS: keys,
      TERRAFORM_MODULE_DIR: join(root, 'module'),
      TERRAFORM_WORK_DIR: join(root, 'work'),
    };
    return new TerraformDriver(
      parseEnvironment(ControlPlaneConfig, { ...process.env, ...settings, ...env } as NodeJS.ProcessEnv),
    );
  }

  const made = (): string[] =>
    existsSync(join(root, 'made')) ? readFileSync(join(root, 'made'), 'utf8').trim().split('\n') : [];

  /**
   * A write that is overtaken after the check of its lease, when its apply has already opened the plan and is
   * waiting for the lock on the state.
   */
  function overtakenBy(successor: () => Promise<unknown>): FencedWrite {
    return async (work) => {
      const directory = join(root, 'work/atlas_acme_00-plane');
      const plan = readdirSync(directory).find((name) => name.endsWith('.tfplan')) ?? 'none';
      copyFileSync(join(directory, plan), join(root, 'opened'));
      await successor();
      mkdirSync(directory, { recursive: true });
      copyFileSync(join(root, 'opened'), join(directory, plan));
      return write(work);
    };
  }

  it("is refused after another worker's apply, even if that apply restored the previous state", async () => {
    await driver.create(requestOf('1'), write);
    const upgrade = driver.create(
      requestOf('2'),
      overtakenBy(() => driver.create(requestOf('1'), write)),
    );
    await expect(upgrade).rejects.toMatchObject(STALE);
    expect(made()).toEqual(['1']);
  });

  it("is refused once another worker's removal has run, even if there was nothing to remove", async () => {
    const file = join(root, 'backend.tf');
    writeFileSync(file, `terraform {\n  backend "local" {\n    path = "${root}/{name}.tfstate"\n  }\n}\n`);
    const elsewhere = driverWith({ TERRAFORM_BACKEND_FILE: file });
    await elsewhere.destroy(subjectOf('1'), write);
    const creation = elsewhere.create(
      requestOf('1'),
      overtakenBy(() => elsewhere.destroy(subjectOf('1'), write)),
    );
    await expect(creation).rejects.toMatchObject(STALE);
    expect(made()).toEqual([]);
  });

  it('removes nothing if an operator replaced a lost state with an empty directory', async () => {
    const variables = join(root, 'site.tfvars');
    writeFileSync(variables, 'region = "eu-central-1"');
    mkdirSync(join(root, 'work/atlas_acme_00-plane'), { recursive: true });
    await driverWith({ TERRAFORM_VARIABLES_FILE: variables }).destroy(subjectOf('1'), write);
    expect(made()).toEqual([]);
  });

  it('is shown in a dry run without the fence resource', async () => {
    expect(await driver.plan(subjectOf('1'))).toEqual(['terraform_data.plane (Terraform module module)']);
  });
});
