import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DatabaseDriver,
  type TenantView,
  type TestDatabase,
  TestStack,
  asAdmin,
  createTestDatabase,
  dropDedicated,
  eventually,
  testServerUrl,
  Releases,
} from '@atlas/testing';

const MODULE = join(__dirname, '../../../docker/terraform/local');

/** Pauses an apply midway for as long as a file exists. */
const GATE = (file: string): string => `
resource "terraform_data" "gate" {
  provisioner "local-exec" {
    interpreter = ["node", "-e"]
    command     = "setInterval(() => fs.existsSync(process.env.GATE) || process.exit(), 20)"
    environment = { GATE = ${JSON.stringify(file)} }
  }
}
`;

export const hasTerraform = spawnSync('terraform', ['version']).status === 0;

/**
 * A Control Plane process that creates dedicated tenants with Terraform, using the module that runs them on
 * this machine.
 */
export class TerraformStack {
  private constructor(
    readonly stack: TestStack,
    readonly folder: string,
    readonly releases: Releases,
    private readonly controlPlaneDatabase: TestDatabase,
  ) {}

  static async start(): Promise<TerraformStack> {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-terraform-'));
    mkdirSync(join(folder, 'tmp'));
    cpSync(MODULE, join(folder, 'module'), { recursive: true });
    writeFileSync(join(folder, 'module/gate.tf'), GATE(join(folder, 'gate')));
    const releases = new Releases();
    releases.link('0.1.0');
    const variables = {
      tenant_plane_app: releases.folder,
      postgres_admin_url: testServerUrl(),
    };
    writeFileSync(join(folder, 'site.tfvars.json'), JSON.stringify(variables));
    const controlPlaneEnv = {
      INFRASTRUCTURE_DRIVER: 'terraform',
      TERRAFORM_MODULE_DIR: join(folder, 'module'),
      TERRAFORM_WORK_DIR: join(folder, 'work'),
      TERRAFORM_VARIABLES_FILE: join(folder, 'site.tfvars.json'),
      TMPDIR: join(folder, 'tmp'),
    };
    // On SQLite, the next Control Plane does not have to wait for the lease of a killed one to expire.
    const controlPlaneDatabase = await createTestDatabase('sqlite');
    const stack = await TestStack.start({ controlPlaneDatabase, controlPlaneEnv });
    return new TerraformStack(stack, folder, releases, controlPlaneDatabase);
  }

  requestOf(slug: string, driver: DatabaseDriver): object {
    const fields = { name: `Tenant ${slug}`, slug, admin_email: `admin@${slug}.example.com` };
    return { ...fields, deployment_model: 'dedicated', database: { driver } };
  }

  async provision(slug: string, driver: DatabaseDriver): Promise<TenantView> {
    const answer = await this.stack.provision(slug, { body: this.requestOf(slug, driver) });
    if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
    return answer.body.tenant;
  }

  /** From now on, no apply finishes until the gate is opened. */
  closeGate(): void {
    writeFileSync(join(this.folder, 'gate'), '');
  }

  openGate(): void {
    rmSync(join(this.folder, 'gate'));
  }

  /** Waits until a paused terraform process has started a tenant plane, and returns the pid of terraform. */
  async heldApply(slug: string): Promise<number> {
    await eventually(() => this.processesOf(slug).length > 0, { what: `a tenant plane of ${slug} starts` });
    const line = this.stack.controlPlane
      .output()
      .split('\n')
      .findLast((one) => one.includes('terraform apply started') && one.includes(`atlas_${slug}_`));
    return (JSON.parse(line ?? '{}') as { terraformPid: number }).terraformPid;
  }

  /** The pids of the tenant plane processes of one tenant or, by default, of all tenants. */
  processesOf(slug = ''): number[] {
    const listing = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' });
    const mark = join(this.folder, 'work', slug === '' ? 'atlas_' : `atlas_${slug}_`);
    const isIts = (line: string): boolean => line.includes(mark) && line.includes('run-tenant-plane.mjs');
    return listing
      .split('\n')
      .filter(isIts)
      .map((line) => Number.parseInt(line, 10));
  }

  /** The names of a tenant's databases, roles and folders. */
  async namesOf(slug: string): Promise<string[]> {
    const { rows } = await asAdmin(testServerUrl(), (client) =>
      client.query<{ name: string }>(
        `select 'database ' || datname as name from pg_database where datname like $1
         union all select 'role ' || rolname from pg_roles where rolname like $1`,
        [`atlas\\_${slug}\\_%`],
      ),
    );
    const folders = this.files('work').filter((name) => name.startsWith(`atlas_${slug}_`));
    return [...rows.map(({ name }) => name), ...folders];
  }

  /** A path in a tenant's working directory. */
  fileOf(slug: string, name: string): string {
    const folder = this.files('work').find((one) => one.startsWith(`atlas_${slug}_`)) ?? 'none';
    return join(this.folder, 'work', folder, name);
  }

  files(folder: string): string[] {
    const path = join(this.folder, folder);
    return existsSync(path) ? readdirSync(path) : [];
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    for (const pid of this.processesOf()) process.kill(pid, 'SIGKILL');
    await dropDedicated(testServerUrl(), this.files('work'));
    await this.controlPlaneDatabase.drop();
    this.releases.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
