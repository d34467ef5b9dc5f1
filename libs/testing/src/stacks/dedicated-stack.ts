import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf } from '@atlas/platform/processes';
import { eventually } from '../processes/plane-process';
import { asAdmin } from '../databases/roles';
import {
  type DatabaseDriver,
  type TestDatabase,
  createTestDatabase,
  testServerUrl,
} from '../databases/test-database';
import { type TenantView, TestStack } from './test-stack';

interface LocalProcess {
  readonly name: string;
  readonly pid: number;
  readonly startedAt: string;
}

type Env = Readonly<Record<string, string>>;

/** A Control Plane process that creates dedicated tenants on this machine. */
export class DedicatedStack {
  private constructor(
    readonly stack: TestStack,
    readonly folder: string,
    readonly controlPlaneDatabase: TestDatabase,
    private readonly serverUrl: () => string,
  ) {}

  static async start(driver: DatabaseDriver, env: Env = {}): Promise<DedicatedStack> {
    return DedicatedStack.on(await createTestDatabase(driver), testServerUrl, env);
  }

  /** `serverUrl`: the Postgres server for the tenants' databases. Called only on Postgres. */
  static async on(
    controlPlaneDatabase: TestDatabase,
    serverUrl: () => string,
    env: Env = {},
  ): Promise<DedicatedStack> {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-dedicated-'));
    const controlPlaneEnv = {
      INFRASTRUCTURE_DRIVER: 'local',
      LOCAL_DRIVER_DIR: folder,
      ...(controlPlaneDatabase.driver === 'postgres' && { LOCAL_DRIVER_POSTGRES_URL: serverUrl() }),
      ...env,
    };
    const stack = await TestStack.start({ controlPlaneDatabase, controlPlaneEnv });
    return new DedicatedStack(stack, folder, controlPlaneDatabase, serverUrl);
  }

  async provision(slug: string): Promise<TenantView> {
    const body = { deployment_model: 'dedicated' };
    const answer = await this.stack.provision(slug, { body });
    if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
    return answer.body.tenant;
  }

  /** The tenant planes running on this machine for this stack. */
  processes(): LocalProcess[] {
    const file = join(this.folder, 'processes.json');
    const listed = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LocalProcess[]) : [];
    return listed.filter(({ pid, startedAt }) => identityOf(pid)?.startedAt === startedAt);
  }

  /**
   * The pids of everything that runs in the folder of a tenant's plane, listed or not. Reads /proc (Linux).
   */
  everyProcessOf(slug: string): number[] {
    const below = join(realpathSync(this.folder), `atlas_${slug}_`);
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => folderOf(pid).startsWith(below)).map(Number);
  }

  /** The process of a tenant's plane, once it is running. */
  processOf(slug: string, except?: number): Promise<LocalProcess> {
    const isIts = ({ name, pid }: LocalProcess) => name.startsWith(`atlas_${slug}_`) && pid !== except;
    return eventually(() => this.processes().find(isIts), { what: `a tenant plane of ${slug} runs` });
  }

  /** Databases and roles of dedicated tenants on the test server whose names contain `slug`. */
  async namesOnServer(slug: string): Promise<string[]> {
    if (this.controlPlaneDatabase.driver === 'sqlite') return [];
    const { rows } = await asAdmin(testServerUrl(), (client) =>
      client.query<{ name: string }>(
        `select datname as name from pg_database where datname like $1
         union all select rolname from pg_roles where rolname like $1`,
        [`atlas\\_${slug}\\_%`],
      ),
    );
    return rows.map(({ name }) => name);
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
    if (this.controlPlaneDatabase.driver === 'postgres') {
      const made = readdirSync(this.folder).filter((name) => name.startsWith('atlas_'));
      await dropDedicated(this.serverUrl(), made);
    }
    await this.controlPlaneDatabase.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Drops the named databases and roles of dedicated tenants. Otherwise, every later reconciliation would check
 * them.
 */
export async function dropDedicated(serverUrl: string, names: readonly string[]): Promise<void> {
  await asAdmin(serverUrl, async (client) => {
    for (const name of names) {
      await client.query(`drop database if exists ${name} with (force)`);
      await client.query(`drop role if exists ${name}`);
    }
  });
}

/** A process's working directory. Empty if the process has exited or belongs to another user. */
function folderOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
