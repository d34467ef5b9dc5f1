import { createHash, randomBytes } from 'node:crypto';
import { Attempts, Worker } from '@atlas/jobs';
import { type OperatorRole, type Scope, SCOPES } from '@atlas/operator-api';
import { Database, type RowValues, insertRow, updateRows } from '@atlas/persistence';
import { type RequestLimits, createHttpApp } from '@atlas/platform';
import {
  type DatabaseDriver,
  FixedClock,
  type TestDatabase,
  createKeptDatabase,
  eventually,
  setDatabaseTime,
} from '@atlas/testing';
import { type Type } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { type FindOptionsOrder, type FindOptionsWhere, IsNull, Not, type ObjectLiteral } from 'typeorm';
import { Operators } from '../src/accounts/operators';
import { AppModule } from '../src/app.module';
import { ControlPlaneState } from '../src/database/plane-state.entity';
import { DesiredStates } from '../src/desired-state/desired-states';
import { EventDispatcher } from '../src/events/event-dispatcher';
import { HTTP_APP } from '../src/http-app.options';
import { ProvisioningJob } from '../src/provisioning-jobs/provisioning-job.entity';
import { type Install, PUBLIC_URL, PlaneSimulator } from './plane-simulator.fixture';

jest.setTimeout(30_000);

export const PASSWORD = 'correct horse battery staple';

export type Env = Readonly<Record<string, string | undefined>>;

export interface CallOptions {
  /** A session or API key, or null to send none. The default is an API key with every scope. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A real Control Plane, listening on a port, with its own database, an owner and a fixed clock. */
export class TestControlPlane {
  /** An API key with every scope. */
  apiKey = '';
  /** The owner's session. */
  session = '';

  private constructor(
    readonly database: TestDatabase,
    readonly clock: FixedClock,
    readonly app: NestFastifyApplication,
    readonly url: string,
    /** `<method> <path>` of each route, as registered with Fastify. */
    readonly routes: readonly string[],
  ) {}

  static async boot(
    driver: DatabaseDriver,
    env: Env = {},
    limits?: Partial<RequestLimits>,
    /** Maps the database URL, for example to one that goes through a proxy. */
    through = (url: string): string => url,
  ): Promise<TestControlPlane> {
    const { database, made } = await createKeptDatabase(driver, 'control-plane', firstStart);
    const reached = { ...database, url: through(database.url) };
    const plane = await TestControlPlane.open(reached, new FixedClock(), env, limits);
    return Object.assign(plane, made);
  }

  /** Starts a Control Plane on `database`. Several may share one database. */
  static async open(
    database: TestDatabase,
    clock: FixedClock,
    env: Env = {},
    limits?: Partial<RequestLimits>,
  ): Promise<TestControlPlane> {
    const module = AppModule.forEnvironment({ ...environmentFor(database), ...env }, clock);
    const app = await createHttpApp(module, { ...HTTP_APP, logger: false, limits });
    setDatabaseTime(app.get(Database), clock);
    const routes = routesOf(app);
    await app.listen(0, '127.0.0.1');
    // Sweeps run only when a test triggers them.
    await app.get(Worker).stopSweeping();
    await app.get(EventDispatcher).stopLooking();
    return new TestControlPlane(database, clock, app, await app.getUrl(), routes);
  }

  /** Starts a new epoch of revisions, as restoring the database does. */
  async beginEpoch(): Promise<void> {
    await this.app.get(Database).write((manager) => manager.delete(ControlPlaneState, { id: 1 }));
    await this.app.get(DesiredStates).onModuleInit();
  }

  /**
   * Runs one round of the worker, and waits for all work that the round or the queue has started. The round
   * skips jobs that are already running.
   */
  async sweep(): Promise<void> {
    await this.app.get(Worker).sweep();
    await this.settle();
  }

  /** Waits until no attempt is running. */
  async settle(): Promise<void> {
    await this.app.get(Attempts).idle();
    const running = { leaseOwner: Not(IsNull()) };
    await eventually(async () => (await this.count(ProvisioningJob, running)) === 0, {
      what: 'no job is running',
      found: () => this.describeJobs(running),
    });
  }

  /** Describes the state of each matching job, for error messages. */
  async describeJobs(where: object = {}): Promise<string> {
    const jobs = await this.rows(ProvisioningJob, where);
    return [`It is ${this.clock.now().toISOString()}.`, ...jobs.map(describeJob)].join('\n');
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.drop();
  }

  get(path: string, options: CallOptions = {}): supertest.Test {
    return this.prepared(supertest(this.url).get(path), options);
  }
  post(path: string, body?: object | string, options: CallOptions = {}): supertest.Test {
    const request = this.prepared(supertest(this.url).post(path), options);
    return body === undefined ? request : request.set('content-type', 'application/json').send(body);
  }
  put(path: string, body: object, options: CallOptions = {}): supertest.Test {
    return this.prepared(supertest(this.url).put(path), options).send(body);
  }
  patch(path: string, body: object, options: CallOptions = {}): supertest.Test {
    return this.prepared(supertest(this.url).patch(path), options).send(body);
  }
  delete(path: string, options: CallOptions = {}): supertest.Test {
    return this.prepared(supertest(this.url).delete(path), options);
  }

  provision(changes: object = {}, options: CallOptions = {}): supertest.Test {
    return this.post('/api/tenants/provision', provisionBody(changes), options);
  }

  async createOperator(email: string, role: OperatorRole): Promise<void> {
    await this.app.get(Operators).create({ email, role, password: PASSWORD });
  }
  async login(email: string): Promise<string> {
    const { body } = await this.post('/api/auth/login', { email, password: PASSWORD }, { token: null });
    return body.token;
  }
  async createApiKey(scopes: readonly Scope[], token = this.session): Promise<string> {
    const { body } = await this.post('/api/api-keys', { name: 'tests', scopes }, { token });
    return body.key;
  }

  /** Registers a cell, and returns a simulated plane with its install bundle. */
  async registerCell(changes: object = {}): Promise<PlaneSimulator> {
    const body = { name: `cell-${randomBytes(4).toString('hex')}`, region: 'eu', capacity: 1000, ...changes };
    const answer = await this.post('/api/tenant-planes', body).expect(201);
    const { tenant_plane: registered, install } = answer.body as {
      tenant_plane: { id: string };
      install: Install;
    };
    return new PlaneSimulator(this.url, this.clock, registered.id, install);
  }

  async enrolledCell(changes: object = {}): Promise<PlaneSimulator> {
    const plane = await this.registerCell(changes);
    await plane.enrol();
    return plane;
  }

  /** Issues a new bundle for the cell, and returns a new installation that has not enrolled yet. */
  async reissue(cell: PlaneSimulator, body: object = {}): Promise<PlaneSimulator> {
    const answer = await this.post(`/api/tenant-planes/${cell.id}/provisioning-tokens`, body).expect(201);
    const { token, env } = answer.body.install;
    return cell.copy({ token, secret: env.INTERNAL_SERVICE_SECRET });
  }

  /**
   * Orders the rows by primary key, and therefore by creation. Otherwise, Postgres would return them in any
   * order once several connections write.
   */
  rows<T extends ObjectLiteral>(entity: Type<T>, where: object = {}): Promise<T[]> {
    return this.app.get(Database).read((manager) => {
      const { primaryColumns } = manager.connection.getMetadata(entity);
      const order = Object.fromEntries(primaryColumns.map(({ propertyName }) => [propertyName, 'asc']));
      // TypeORM's types cannot express the column names of a generic entity.
      return manager.find(entity, { where, order: order as FindOptionsOrder<T> });
    });
  }
  count(entity: Type<ObjectLiteral>, where: object = {}): Promise<number> {
    return this.app.get(Database).read((manager) => manager.count(entity, { where }));
  }
  async change<T extends ObjectLiteral>(
    entity: Type<T>,
    where: FindOptionsWhere<NoInfer<T>>,
    to: RowValues<NoInfer<T>>,
  ): Promise<void> {
    await this.app.get(Database).write((manager) => updateRows(manager, entity, where, to));
  }
  async insert<T extends ObjectLiteral>(entity: Type<T>, row: RowValues<NoInfer<T>>): Promise<void> {
    await this.app.get(Database).write((manager) => insertRow(manager, entity, row));
  }
  async remove<T extends ObjectLiteral>(entity: Type<T>, where: object): Promise<void> {
    await this.app.get(Database).write((manager) => manager.delete(entity, where));
  }

  private prepared(request: supertest.Test, { token, headers = {} }: CallOptions): supertest.Test {
    const bearer = token === undefined ? this.apiKey : token;
    return request.set({ ...(bearer && { authorization: `Bearer ${bearer}` }), ...headers });
  }
}

function describeJob({ id, operation, status, direction, steps, error, ...job }: ProvisioningJob): string {
  const at = (time: Date | null) => time?.toISOString() ?? 'never';
  const step = steps.find((one) => !['pending', 'done', 'undone', 'skipped'].includes(one.status));
  return [
    `Job ${id}: ${operation} ${status} (${direction}), due ${at(job.dueAt)}, woken ${job.wakes} times`,
    `  lease ${job.leaseNumber}: ${job.leaseOwner ?? 'no one'}, until ${at(job.leaseExpiresAt)}`,
    `  step: ${JSON.stringify(step ?? null)}`,
    `  error: ${JSON.stringify(error)}`,
  ].join('\n');
}

/** The returned list grows as routes are registered. */
function routesOf(app: NestFastifyApplication): readonly string[] {
  const routes: string[] = [];
  const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  server.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${url}`);
  });
  return routes;
}

let lastSlug = 0;

/** A valid provisioning request with a new slug each time. */
export function provisionBody(changes: object = {}): Record<string, unknown> {
  const slug = `tenant-${(lastSlug += 1)}`;
  const named = { name: `Tenant ${slug}`, slug, admin_email: `admin@${slug}.example.com` };
  return { ...named, deployment_model: 'shared', ...changes };
}

/**
 * Migrates the database and its queue. Creates the first keys, and an owner with a session and an API key.
 */
async function firstStart(database: TestDatabase): Promise<Pick<TestControlPlane, 'session' | 'apiKey'>> {
  const plane = await TestControlPlane.open(database, new FixedClock());
  await plane.createOperator('owner@example.com', 'owner');
  plane.session = await plane.login('owner@example.com');
  plane.apiKey = await plane.createApiKey(SCOPES);
  await plane.app.close();
  const { session, apiKey } = plane;
  return { session, apiKey };
}

export function environmentFor(database: Pick<TestDatabase, 'url' | 'ownerUrl'>): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'test',
    CONTROL_PLANE_DATABASE_URL: database.url,
    CONTROL_PLANE_MIGRATION_DATABASE_URL: database.ownerUrl,
    CONTROL_PLANE_PUBLIC_URL: PUBLIC_URL,
    CONTROL_PLANE_SEALING_KEYS: SEALING_KEYS,
    TENANT_BASE_DOMAIN: 'atlas.example',
    // Reconciliation runs only when a test triggers it.
    RECONCILE_INTERVAL_SECONDS: '0',
  };
}

/** Shared by all test databases, because their first keys are sealed with it. */
export const SEALING_KEYS = `k1:${createHash('sha256').update('tests').digest('base64')}`;
