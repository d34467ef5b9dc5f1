import { randomUUID } from 'node:crypto';
import { Database, TenantDatabase, type TenantOwned, databaseTarget, migrateFirst } from '@atlas/persistence';
import { type DesiredState, type DesiredTenant } from '@atlas/plane-contract';
import { Clock, type RequestLimits, createHttpApp } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type UserRole } from '@atlas/tenant-api/users';
import {
  type DatabaseDriver,
  FixedClock,
  type TestDatabase,
  createKeptDatabase,
  setDatabaseTime,
} from '@atlas/testing';
import { type LoggerService, type Type } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { AppModule } from '../src/app.module';
import { AuditEvent } from '../src/audit/audit-event.entity';
import { DesiredStateApplier } from '../src/control-plane-link/desired-state-applier';
import { Sessions } from '../src/credentials/sessions';
import { NEW_USER, User } from '../src/credentials/user.entity';
import { DueWork } from '../src/due/due-work';
import { HTTP_APP } from '../src/http-app';
import { type Applied } from '../src/plane-identity/applied';
import { unfenced } from '../src/plane-identity/fence';
import { PlaneIdentities } from '../src/plane-identity/plane-identities';
import { TENANT_PLANE_SCHEMA } from '../src/schema/tenant-plane-schema';
import { SignupKey, type TokenChanges } from './signup-key.fixture';

jest.setTimeout(30_000);

export const PASSWORD = 'correct horse battery staple';

export type Env = Readonly<Record<string, string | undefined>>;

export interface BootOptions {
  readonly env?: Env;
  /** By default, a clock that stands still. */
  readonly clock?: Clock;
  /** The database's clock, if it differs from the process's. */
  readonly databaseClock?: Clock;
  readonly logger?: LoggerService;
  readonly limits?: Partial<RequestLimits>;
  /** Maps the database URL, for example to one that goes through a proxy. */
  readonly through?: (url: string) => string;
}

export interface CallOptions {
  /** Sent as `x-tenant-id`. */
  readonly tenant?: string;
  readonly host?: string;
  /** A session token. */
  readonly session?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SignedInUser {
  readonly id: string;
  readonly session: string;
}

/** A real Tenant Plane, listening on a port. By default, it makes no call to a Control Plane. */
export class TestTenantPlane {
  readonly id = randomUUID();
  private revision = 0;

  private constructor(
    readonly database: TestDatabase,
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly signupKey: SignupKey,
  ) {}

  /**
   * Starts a plane on its own database, with an id and the Control Plane's sign-up key as if it had enrolled.
   */
  static async boot(driver: DatabaseDriver, options: BootOptions = {}): Promise<TestTenantPlane> {
    const database = await createPlaneDatabase(driver);
    const { through } = options;
    const reached = through ? { ...database, url: through(database.url) } : database;
    const plane = await TestTenantPlane.open(reached, options);
    const { signupKey } = plane;
    await plane.identities.update({ tenantPlaneId: plane.id, keys: [signupKey.published] });
    return plane;
  }

  /** Starts a process of the plane that uses `database`. On Postgres, several processes may share one. */
  static async open(database: TestDatabase, options: BootOptions = {}): Promise<TestTenantPlane> {
    const app = await createApp({ ...environmentFor(database), ...options.env }, options);
    await app.listen(0, '127.0.0.1');
    // Due rows are handled only when a test sweeps.
    await app.get(DueWork).stopSweeping();
    return new TestTenantPlane(database, app, await app.getUrl(), await SignupKey.create());
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.drop();
  }

  get identities(): PlaneIdentities {
    return this.app.get(PlaneIdentities);
  }
  get tenants(): TenantDatabase {
    return this.app.get(TenantDatabase);
  }
  get now(): Date {
    return this.app.get(Clock).now();
  }

  get(path: string, options: CallOptions = {}): supertest.Test {
    return prepared(supertest(this.url).get(path), options);
  }
  options(path: string, options: CallOptions = {}): supertest.Test {
    return prepared(supertest(this.url).options(path), options);
  }
  post(path: string, body: object | undefined, options: CallOptions = {}): supertest.Test {
    return prepared(supertest(this.url).post(path), options).send(body);
  }
  put(path: string, body: object, options: CallOptions = {}): supertest.Test {
    return prepared(supertest(this.url).put(path), options).send(body);
  }
  patch(path: string, body: object, options: CallOptions = {}): supertest.Test {
    return prepared(supertest(this.url).patch(path), options).send(body);
  }
  delete(path: string, options: CallOptions = {}): supertest.Test {
    return prepared(supertest(this.url).delete(path), options);
  }

  /** Applies a desired state, as the link would. */
  async apply(state: Partial<DesiredState>): Promise<Applied[]> {
    const config = { keys: { keys: [this.signupKey.published] } };
    const empty = { revision: 'test.0', full: false, tenants: [], removed: [], config };
    return this.app.get(DesiredStateApplier).apply({ ...empty, ...state }, unfenced);
  }

  /** Adds a tenant to this plane, or applies changes to it. */
  async tenant(slug: string, changes: Partial<DesiredTenant> = {}): Promise<DesiredTenant> {
    const tenant = { ...tenantEntry(slug), entry_revision: (this.revision += 1), ...changes };
    await this.apply({ tenants: [tenant] });
    return tenant;
  }

  /** Creates a user with a session, but without a password. */
  async user(
    { tenant_id: tenantId }: DesiredTenant,
    role: UserRole,
    changes: Partial<User> = {},
  ): Promise<SignedInUser> {
    const id = uuidv7(this.now);
    const user: User = {
      ...NEW_USER,
      tenantId,
      id,
      email: `${id}@example.com`,
      name: role,
      role,
      passwordHash: 'none',
      createdAt: this.now,
      ...changes,
    };
    const { token } = await this.tenants.write(tenantId, async (scope) => {
      await scope.insert(User, user);
      return this.app.get(Sessions).open(scope, user);
    });
    return { id: user.id, session: token };
  }

  /** Signs up the first admin of a tenant, and returns their session. */
  async signUp(tenant: DesiredTenant): Promise<string> {
    const body = { token: await this.signupToken(tenant), password: PASSWORD };
    return (await this.post('/api/auth/signup-exchange', body).expect(201)).body.token;
  }

  /** Invites a user, accepts the invitation and returns the session. Only for planes that send no email. */
  async join(
    tenant: DesiredTenant,
    admin: string,
    role: UserRole,
    email = `${role}@example.com`,
  ): Promise<string> {
    const invite = await this.post('/api/auth/invite', { email, role }, { session: admin }).expect(201);
    const body = { token: tokenIn(invite.body.url), password: PASSWORD };
    const options = { tenant: tenant.slug };
    return (await this.post('/api/auth/signup-exchange', body, options).expect(201)).body.token;
  }

  /** Adds a tenant and an admin. The admin's call options contain a session and the tenant's own address. */
  async tenantWithAdmin(slug: string): Promise<{ tenant: DesiredTenant; admin: SignedInUser & CallOptions }> {
    const tenant = await this.tenant(slug);
    return { tenant, admin: { ...(await this.user(tenant, 'admin')), host: hostOf(slug) } };
  }

  signupToken(tenant: DesiredTenant, changes: TokenChanges = {}, key = this.signupKey): Promise<string> {
    const { tenant_id: sub, admin_email: email } = tenant;
    return key.token({ aud: this.id, sub, email, now: this.now }, changes);
  }

  rows<T extends TenantOwned>({ tenant_id }: DesiredTenant, entity: Type<T>): Promise<T[]> {
    return this.tenants.read(tenant_id, (scope) => scope.find(entity));
  }

  /** A tenant's audit trail, oldest first, optionally only for one action. */
  async audit(tenant: DesiredTenant, action?: string): Promise<AuditEvent[]> {
    const events = await this.rows(tenant, AuditEvent);
    return events
      .filter((event) => action === undefined || event.action === action)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** Creates the app without starting it. */
export async function createApp(
  env: NodeJS.ProcessEnv,
  { clock = new FixedClock(), databaseClock, logger, limits }: BootOptions = {},
): Promise<NestFastifyApplication> {
  const options = { ...HTTP_APP, logger: logger ?? false, limits } as const;
  const app = await createHttpApp(AppModule.forEnvironment(env), options);
  setClock(app, clock);
  setDatabaseTime(app.get(Database), databaseClock ?? app.get(Clock));
  return app;
}

export function setClock(app: NestFastifyApplication, clock: Clock): void {
  jest.spyOn(app.get(Clock), 'now').mockImplementation(() => clock.now());
  jest.spyOn(app.get(Clock), 'monotonicMs').mockImplementation(() => clock.monotonicMs());
}

export function environmentFor(database: Pick<TestDatabase, 'url' | 'ownerUrl'>): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'test',
    ATLAS_OFFLINE_MODE: '1',
    TENANT_PLANE_DATABASE_URL: database.url,
    TENANT_PLANE_MIGRATION_DATABASE_URL: database.ownerUrl,
    TENANT_BASE_DOMAIN: 'localhost:4200',
  };
}

/** The Control Plane's entry for a served tenant. */
export function tenantEntry(slug: string): DesiredTenant {
  return {
    tenant_id: uuidv7(),
    slug,
    name: `Tenant ${slug}`,
    status: 'active',
    plan: 'core',
    admin_email: `admin@${slug}.example.com`,
    phase: 'serving',
    entry_revision: 1,
  };
}

/** The token in a link. */
export function tokenIn(url: string): string {
  return new URLSearchParams(new URL(url).hash.slice(1)).get('token') ?? '';
}

/** The address of a tenant on this machine. */
export function hostOf(slug: string): string {
  return `${slug}.localhost:4200`;
}

function prepared(request: supertest.Test, options: CallOptions): supertest.Test {
  const { tenant, host, session, headers } = options;
  return request.set({
    ...(tenant !== undefined && { 'x-tenant-id': tenant }),
    ...(host !== undefined && { host }),
    ...(session !== undefined && { authorization: `Bearer ${session}` }),
    ...headers,
  });
}

/** Creates a migrated, empty database on which no plane has started yet. */
export async function createPlaneDatabase(driver: DatabaseDriver): Promise<TestDatabase> {
  const { database } = await createKeptDatabase(driver, 'tenant-plane', async ({ url, ownerUrl }) => {
    const migrationTarget = ownerUrl === undefined ? undefined : databaseTarget(ownerUrl);
    await migrateFirst({
      target: databaseTarget(url),
      migrationTarget,
      schema: TENANT_PLANE_SCHEMA,
      poolSize: 1,
    });
  });
  return database;
}
