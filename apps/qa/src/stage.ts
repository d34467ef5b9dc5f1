import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  type DatabaseDriver,
  type InstallView,
  type PlaneProcess,
  type TestDatabase,
  TestStack,
  builtFile,
  copyTestDatabase,
  createTestDatabase,
} from '@atlas/testing';
import { tellingRoutes } from './routes';

type Env = Readonly<Record<string, string>>;

/** A Control Plane with an enrolled cell that is serving. */
export interface Served {
  readonly stack: TestStack;
  readonly install: InstallView;
  readonly planeDatabase: TestDatabase;
  /** The environment with which the cell can be started again. */
  readonly planeEnv: Env;
}

/** Planes and databases for proofs, on one kind of database. */
export class Stage {
  private readonly isShared: boolean;
  private readonly databases: TestDatabase[] = [];
  private readonly stacks: TestStack[] = [];
  private sharedStack: Promise<TestStack> | undefined;
  private sharedCell: Promise<Served> | undefined;
  private readonly made = new Map<unknown, Promise<unknown>>();
  private readonly further = new Map<TestStack, Promise<PlaneProcess>>();

  constructor(
    readonly driver: DatabaseDriver,
    /**
     * Whether proofs that need no special planes share the same planes. Starting planes takes longer than a
     * proof at the reduced size.
     */
    options: { readonly isShared: boolean },
  ) {
    this.isShared = options.isShared;
  }

  /** Creates an empty database. */
  async database(): Promise<TestDatabase> {
    const created = await createTestDatabase(this.driver);
    this.databases.push(created);
    return created;
  }

  async copyOf(database: TestDatabase): Promise<TestDatabase> {
    const copy = await copyTestDatabase(database);
    this.databases.push(copy);
    return copy;
  }

  /** Like `database`, but with the tenant plane's schema. */
  async tenantPlaneDatabase(): Promise<TestDatabase> {
    const created = await this.database();
    await migrate(created);
    return created;
  }

  /** Starts a Control Plane process, or returns the shared one. */
  async stack(controlPlaneEnv?: Env): Promise<TestStack> {
    if (!this.isShared || controlPlaneEnv) return this.start(controlPlaneEnv);
    return (this.sharedStack ??= this.start());
  }

  async served(planeEnv?: Env): Promise<Served> {
    return this.isShared && !planeEnv ? (this.sharedCell ??= this.serve()) : this.serve(planeEnv);
  }

  /** On a shared stage, calls with the same `key` return the same object. */
  once<T>(key: unknown, make: () => Promise<T>): Promise<T> {
    if (!this.isShared) return make();
    const made = (this.made.get(key) as Promise<T> | undefined) ?? make();
    this.made.set(key, made);
    return made;
  }

  /** Starts another process of a stack's Control Plane, unless there is one already. */
  async furtherControlPlane(stack: TestStack): Promise<PlaneProcess> {
    const started = this.further.get(stack) ?? stack.anotherControlPlane();
    this.further.set(stack, started);
    return started;
  }

  async clear(): Promise<void> {
    await Promise.all(this.stacks.map((stack) => stack.stop()));
    await Promise.all(this.databases.map((database) => database.drop()));
  }

  private async start(env?: Env): Promise<TestStack> {
    const controlPlaneDatabase = await this.database();
    const controlPlaneEnv = { ...tellingRoutes(), ...env };
    const stack = await TestStack.start({ controlPlaneDatabase, controlPlaneEnv });
    this.stacks.push(stack);
    return stack;
  }

  /** Starts a Control Plane with only this cell, since tenants might otherwise be placed in another cell. */
  private async serve(env: Env = {}): Promise<Served> {
    const stack = await this.start();
    const { id, install } = await stack.registerCell();
    const planeDatabase = await this.database();
    const planeEnv = { ...tellingRoutes(), ...env };
    await stack.startTenantPlane(install, planeDatabase, planeEnv);
    await stack.awaitEnrolled(id);
    return { stack, install, planeDatabase, planeEnv };
  }
}

/** Migrates with the tenant plane's own command, as the local driver does. */
async function migrate({ url, ownerUrl }: TestDatabase): Promise<void> {
  const env = {
    ATLAS_OFFLINE_MODE: '1',
    ATLAS_TP_DEPLOYMENT: 'shared',
    TENANT_BASE_DOMAIN: 'localhost',
    TENANT_PLANE_DATABASE_URL: url,
    ...(ownerUrl !== undefined && { TENANT_PLANE_MIGRATION_DATABASE_URL: ownerUrl }),
  };
  await promisify(execFile)(process.execPath, [builtFile('tenant-plane', 'migrate.js')], { env });
}
