import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaseLost } from '@atlas/jobs';
import { parseEnvironment } from '@atlas/platform';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ControlPlaneConfig } from '../src/config/control-plane.config';
import { type FencedWrite } from '../src/infrastructure/drivers/infrastructure-driver';
import { TerraformDriver } from '../src/infrastructure/drivers/terraform/terraform.driver';
import { FakeTerraform } from './fake-terraform.fixture';

const SECRET = 'ats_secret';
const OUTPUTS = { endpoint_url: { value: 'https://acme' }, db_url: { value: 'postgres://acme' } };
const DELETION = {
  type: 'planned_change',
  change: { action: 'delete', resource: { addr: 'aws_db_instance.tenant' } },
};
/**
 * Writes its plan, and fails if it gets what it must not see or lacks what it needs. With WAITS it keeps
 * running, like an apply that waits for the lock: the test interrupts it, and the timeout only ends it
 * after a failed test.
 */
const SCRIPT = `
  const out = process.argv.find((arg) => arg.startsWith('-out='));
  if (out) require('fs').writeFileSync(out.slice(5), process.env.TF_VAR_tenant_plane_environment);
  if (process.env.CONTROL_PLANE_SEALING_KEYS) process.exit(1);
  if (command === 'apply' && !require('fs').existsSync(process.argv.at(-1))) process.exit(1);
  if (process.argv.includes('-destroy') && !process.env.IS_EMPTY) console.log('${JSON.stringify(DELETION)}');
  if (command === 'apply' && process.env.WAITS) setTimeout(() => process.exit(1), 10_000);
  if (command === 'output') console.log('${JSON.stringify(OUTPUTS)}');
`;
const SUBJECT = {
  tenantId: 't',
  slug: 'acme',
  tenantPlaneId: '00000000-plane',
  region: null,
  database: 'postgres' as const,
  version: '0.1.0',
};

describe(TerraformDriver.name, () => {
  let root: string;
  let fake: FakeTerraform;
  let driver: TerraformDriver;
  const ours = { ...process.env };
  const request = {
    ...SUBJECT,
    openEnvironment: async () => ({
      INTERNAL_SERVICE_SECRET: SECRET,
      TENANT_PLANE_DATABASE_URL: '# to be filled',
    }),
  };
  // This driver's work never queries the database.
  const write: FencedWrite = (work) => work(new DataSource({ type: 'sqlite', database: ':memory:' }).manager);
  const overtaken: FencedWrite = () => Promise.reject(new Error('The lease on this job was lost.'));

  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['log', 'warn', 'error', 'fatal']));
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'atlas-terraform-driver-'));
    fake = new FakeTerraform(SCRIPT);
    const keys = `k1:${Buffer.alloc(32).toString('base64')}`;
    process.env['PATH'] = fake.path;
    process.env['CONTROL_PLANE_SEALING_KEYS'] = keys;
    driver = driverWith({});
  });
  afterEach(() => {
    process.env = { ...ours };
    fake.remove();
    rmSync(root, { recursive: true, force: true });
  });

  function driverWith(env: NodeJS.ProcessEnv): TerraformDriver {
    const settings = { TERRAFORM_MODULE_DIR: fake.folder, TERRAFORM_WORK_DIR: join(root, 'work') };
    return new TerraformDriver(
      parseEnvironment(ControlPlaneConfig, { ...process.env, ...settings, ...env } as NodeJS.ProcessEnv),
    );
  }
  const commands = (): (string | undefined)[] => fake.calls().map(([command]) => command);
  const workDirectories = (): string[] =>
    existsSync(join(root, 'work')) ? readdirSync(join(root, 'work')) : [];

  it('creates by init, plan, apply and output', async () => {
    const { endpointUrl, dbUrl } = await driver.create(request, write);
    expect([endpointUrl, dbUrl.reveal()]).toEqual(['https://acme', 'postgres://acme']);
    expect(commands()).toEqual(['init', 'plan', 'apply', 'output']);
  });

  it('puts no secret on a command line, and leaves no plan behind', async () => {
    await driver.create(request, write);
    expect(JSON.stringify(fake.calls())).not.toContain(SECRET);
    expect(
      readdirSync(join(root, 'work/atlas_acme_00-plane')).filter((name) => name.endsWith('.tfplan')),
    ).toEqual([]);
  });

  it('applies nothing once overtaken', async () => {
    await expect(driver.create(request, overtaken)).rejects.toThrow('lost');
    await expect(driver.destroy(SUBJECT, overtaken)).rejects.toThrow('lost');
    expect(commands()).toEqual(['init', 'plan', 'init', 'plan']);
  });

  it('interrupts an apply that waits for the lock when it is overtaken', async () => {
    process.env['WAITS'] = 'yes';
    let asked = 0;
    const soonOvertaken: FencedWrite = async (work) => {
      if (++asked > 1) throw new LeaseLost();
      return write(work);
    };
    await expect(driver.create(request, soonOvertaken)).rejects.toThrow(LeaseLost);
    expect(commands()).toEqual(['init', 'plan', 'apply']);
  });

  it('removes its own plan, never that of a successor', async () => {
    const directory = join(root, 'work/atlas_acme_00-plane');
    await driver.create(request, async (work) => {
      writeFileSync(join(directory, 'successor.tfplan'), '');
      return write(work);
    });
    expect(readdirSync(directory).filter((name) => name.endsWith('.tfplan'))).toEqual(['successor.tfplan']);
  });

  it('destroys what exists, and keeps its directory until told to forget the plane', async () => {
    await driver.create(request, write);
    await driver.destroy(SUBJECT, write);
    expect(commands().slice(4)).toEqual(['init', 'plan', 'apply']);
    expect(fake.calls()[5]).toContain('-destroy');
    expect(workDirectories()).toEqual(['atlas_acme_00-plane']);
    await driver.forget(SUBJECT);
    expect(workDirectories()).toEqual([]);
  });

  it('reports the state as missing until an operator restores the directory', async () => {
    const failure: unknown = await driver.requireTracked(SUBJECT).catch((error: unknown) => error);
    expect(failure).toMatchObject({ failureClass: 'operator', code: 'state_missing' });
    const directory = join(root, 'work/atlas_acme_00-plane');
    expect(failure).toMatchObject({ message: expect.stringContaining(directory) });
    mkdirSync(directory, { recursive: true });
    await driver.requireTracked(SUBJECT);
  });

  it('also changes an empty state, which fences off a pending creation', async () => {
    process.env['IS_EMPTY'] = 'yes';
    await driver.create(request, write);
    await driver.destroy(SUBJECT, write);
    expect(commands().slice(4)).toEqual(['init', 'plan', 'plan', 'apply', 'plan', 'apply']);
    expect(fake.calls()[6]).toContain('-target=terraform_data.atlas_fence');
  });

  it('has nothing to destroy without a directory', async () => {
    await driver.destroy(SUBJECT, write);
    expect(commands()).toEqual([]);
  });

  it('uses a remote state even without a directory', async () => {
    const file = join(root, 'backend.tf');
    writeFileSync(file, 'terraform { backend "s3" { key = "{name}" } }');
    const elsewhere = driverWith({ TERRAFORM_BACKEND_FILE: file });
    await elsewhere.requireTracked(SUBJECT);
    await elsewhere.destroy(SUBJECT, write);
    await elsewhere.forget(SUBJECT);
    expect(commands()).toEqual(['init', 'plan', 'apply']);
    expect(workDirectories()).toEqual([]);
  });

  it('lists what exists, and finds planes without their state', async () => {
    const subject = { ...SUBJECT, tenantPlaneId: '00000000-0000-0000-0000-00000a1b2c3d' };
    const faults = async () => (await driver.inspect([subject])).map((one) => one.faults);
    const things = async () => {
      const found = [];
      for await (const page of driver.things()) found.push(...page);
      return found;
    };
    expect(await faults()).toEqual([{ state: expect.stringContaining('atlas_acme_0a1b2c3d') }]);
    expect(await things()).toEqual([]);
    await driver.create({ ...request, ...subject }, write);
    mkdirSync(join(root, 'work/atlas_acme_0a1b2c3d.new'));
    expect(await faults()).toEqual([{}]);
    const id = `directory ${join(root, 'work/atlas_acme_0a1b2c3d')}`;
    expect(await things()).toEqual([{ id, name: 'atlas_acme_0a1b2c3d' }]);
  });

  it('cannot tell whether a remote state exists', async () => {
    const elsewhere = driverWith({ TERRAFORM_BACKEND_FILE: join(root, 'backend.tf') });
    expect(await elsewhere.inspect([SUBJECT])).toEqual([]);
  });

  it('tells the operator of a dry run why there is no plan', async () => {
    process.env['PATH'] = root;
    await expect(driver.plan(SUBJECT)).rejects.toMatchObject({
      code: 'terraform_missing',
      kind: 'unavailable',
    });
  });
});
