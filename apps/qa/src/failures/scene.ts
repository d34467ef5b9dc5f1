import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type InstallView,
  type PlaneProcess,
  type RequestOptions,
  type TestDatabase,
  type TestStack,
  asAdmin,
  freePort,
  startPlane,
  testServerUrl,
} from '@atlas/testing';
import { type ProofContext } from '../proof';
import { TenantRows } from '../tenant-rows';
import { namesOnServer, processesBelow } from './machine';

type Env = Readonly<Record<string, string>>;

interface CustomersPlane {
  readonly plane: PlaneProcess;
  readonly database: TestDatabase;
  /** The token from the bundle that the plane was started with. */
  readonly token: string;
}

/** Shortens the time for which an old secret must be unused before it is revoked. */
const IMPATIENT: Env = { SECRET_ROTATION_QUIET_SECONDS: '1' };

/** A Control Plane that is interrupted on purpose, its shared cell, and the other planes on this machine. */
export class Scene {
  /** The prefix of every slug in this scene, which identifies the scene's objects on a shared server. */
  readonly prefix = `s${randomBytes(3).toString('hex')}`;
  private readonly customers = new Map<string, CustomersPlane>();
  private count = 0;

  private constructor(
    private readonly context: ProofContext,
    readonly stack: TestStack,
    readonly folder: string,
    /** The databases of the Control Plane and of the cell. */
    readonly control: TenantRows,
    readonly cell: TenantRows,
  ) {}

  static async open(context: ProofContext, env: Env = {}): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-scene-'));
    const isPostgres = context.driver === 'postgres';
    const stack = await context.stack({
      INFRASTRUCTURE_DRIVER: 'local',
      LOCAL_DRIVER_DIR: folder,
      ...(isPostgres && { LOCAL_DRIVER_POSTGRES_URL: testServerUrl() }),
      ...IMPATIENT,
      ...env,
    });
    const { install, id } = await stack.registerCell();
    const cellDatabase = await context.database();
    await stack.startTenantPlane(install, cellDatabase);
    await stack.awaitEnrolled(id);
    const control = await TenantRows.open(stack.controlPlaneDatabase);
    return new Scene(context, stack, folder, control, await TenantRows.open(cellDatabase));
  }

  get isPostgres(): boolean {
    return this.context.driver === 'postgres';
  }

  get isSmall(): boolean {
    return this.context.size === 'small';
  }

  newSlug(): string {
    return `${this.prefix}-${(this.count += 1)}`;
  }

  /** Kills the Control Plane and starts it again. If a fault point is given, it is armed. */
  async restart(faultPoint?: string): Promise<PlaneProcess> {
    await this.stack.controlPlane.end('SIGKILL');
    return this.stack.startControlPlane({ ATLAS_FAULT_POINT: faultPoint });
  }

  /** Expires the leases of dead workers at once, instead of waiting 15 s. */
  async expireLeases(): Promise<void> {
    const long = new Date(0).toISOString();
    await this.control.query(
      `update provisioning_jobs set lease_expires_at = '${long}', due_at = '${long}' where ` +
        'lease_owner is not null',
    );
  }

  /**
   * Sends a request that may be repeated. Requests with the same `key` count as one request. Throws unless
   * the request is accepted.
   */
  async ask<T>(path: string, body: object, key: string): Promise<T> {
    const options: RequestOptions = { body, headers: { 'idempotency-key': key } };
    const answer = await this.stack.api<T>(path, options);
    if (answer.status !== 202) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /**
   * Starts the customer's plane with this bundle. If the plane is already running with another bundle, it is
   * restarted on the same database.
   */
  async install(slug: string, { env, token }: InstallView): Promise<void> {
    const known = this.customers.get(slug);
    if (known?.token === token) return;
    await known?.plane.end();
    const database = known?.database ?? (await this.context.database());
    const port = known?.plane.port ?? (await freePort());
    const own = {
      TENANT_PLANE_DATABASE_URL: database.ownerUrl ?? database.url,
      TENANT_PLANE_PUBLIC_URL: `http://127.0.0.1:${port}`,
    };
    const plane = await startPlane('tenant-plane', { port, awaitReady: false, env: { ...env, ...own } });
    this.customers.set(slug, { plane, database, token });
  }

  /** Adds a cell with room for one tenant. `uninstall` with the same slug removes it. */
  async addCell(slug: string): Promise<string> {
    const { id, install } = await this.stack.registerCell({ capacity: 1 });
    const [database, port] = [await this.context.database(), await freePort()];
    const env = {
      ...install.env,
      TENANT_PLANE_DATABASE_URL: database.url,
      ...(database.ownerUrl !== undefined && { TENANT_PLANE_MIGRATION_DATABASE_URL: database.ownerUrl }),
      TENANT_PLANE_PUBLIC_URL: `http://127.0.0.1:${port}`,
      TENANT_BASE_DOMAIN: `localhost:${this.stack.tenantPlanePort}`,
    };
    const plane = await startPlane('tenant-plane', { port, env });
    this.customers.set(slug, { plane, database, token: install.token });
    await this.stack.awaitEnrolled(id);
    return id;
  }

  async uninstall(slug: string): Promise<void> {
    await this.customers.get(slug)?.plane.end('SIGKILL');
    this.customers.delete(slug);
  }

  /** Stops every process, and drops the databases that the driver created. */
  async close(): Promise<void> {
    await Promise.all([this.stack.stop(), ...[...this.customers.keys()].map((slug) => this.uninstall(slug))]);
    for (const { pid } of processesBelow(this.folder)) process.kill(pid, 'SIGKILL');
    const pooled = await this.pooledNames();
    await Promise.all([this.control.close(), this.cell.close()]);
    if (this.isPostgres) await this.clearServer(pooled);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The names of what the driver has ever created for planes of the warm pool. */
  async pooledNames(): Promise<string[]> {
    const sql = 'select name from tenant_planes where pool_state is not null';
    const planes = await this.control.query<{ name: string }>(sql);
    return planes.map(({ name }) => `atlas_${name.replaceAll('-', '_')}`);
  }

  private async clearServer(pooled: readonly string[]): Promise<void> {
    const { databases, roles } = await namesOnServer(this.prefix, pooled);
    await asAdmin(testServerUrl(), async (client) => {
      for (const name of databases) await client.query(`drop database "${name}" with (force)`);
      for (const name of roles) await client.query(`drop role "${name}"`);
    });
  }
}
