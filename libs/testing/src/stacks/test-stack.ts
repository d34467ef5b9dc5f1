import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type Answer, type RequestOptions, request } from '../http/http';
import { keptOrMade } from '../databases/kept-database';
import { freePort } from '../databases/local-postgres';
import { type PlaneProcess, builtFile, eventually, startPlane } from '../processes/plane-process';
import { type TestDatabase } from '../databases/test-database';

export interface TenantView {
  readonly id: string;
  readonly slug: string;
  readonly status: string;
  readonly deployment_model: string;
  readonly url: string;
  readonly endpoint_url: string | null;
  readonly admin_email: string;
  readonly has_db_url: boolean;
  readonly created_at: string;
  readonly active_at: string | null;
  readonly tenant_plane_id: string | null;
}
export interface Provisioned {
  readonly tenant: TenantView;
  readonly job: { readonly id: string; readonly status: string };
  readonly install?: InstallView;
}
export interface InstallView {
  readonly token: string;
  readonly token_id: string;
  readonly env: Readonly<Record<string, string>>;
}
export interface SessionView {
  readonly token: string;
  readonly refresh_token: string;
  readonly device_token: string;
  readonly user: { readonly id: string; readonly email: string; readonly role: string };
}

/** `at`: the address of the tenant plane, if it is not the first shared plane. */
type TenantCall = RequestOptions & { readonly session?: string; readonly at?: string };

type Env = Readonly<Record<string, string | undefined>>;

export interface TestStackOptions {
  readonly controlPlaneDatabase: TestDatabase;
  readonly controlPlaneEnv?: Env;
}

export const ADMIN_PASSWORD = 'correct horse battery staple';
export const OWNER_EMAIL = 'owner@example.com';

/**
 * A Control Plane as a real process, with its owner and an API key. Tenant planes can be added. Everything
 * runs on this machine.
 */
export class TestStack {
  private readonly env: Env;
  readonly controlPlaneDatabase: TestDatabase;
  readonly tenantPlanes: PlaneProcess[] = [];
  /** Every Control Plane process that was started. */
  private readonly controlPlanes: PlaneProcess[] = [];
  controlPlane: PlaneProcess;
  /** An API key with every scope. */
  apiKey = '';

  private constructor(
    options: TestStackOptions,
    readonly controlPlanePort: number,
    readonly tenantPlanePort: number,
  ) {
    this.controlPlaneDatabase = options.controlPlaneDatabase;
    const { url, ownerUrl } = options.controlPlaneDatabase;
    this.env = {
      CONTROL_PLANE_DATABASE_URL: url,
      CONTROL_PLANE_MIGRATION_DATABASE_URL: ownerUrl,
      CONTROL_PLANE_PUBLIC_URL: `http://127.0.0.1:${controlPlanePort}`,
      CONTROL_PLANE_SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      TENANT_BASE_DOMAIN: `localhost:${tenantPlanePort}`,
      ...options.controlPlaneEnv,
    };
  }

  static async start(options: TestStackOptions): Promise<TestStack> {
    const stack = new TestStack(options, await freePort(), await freePort());
    await keptOrMade(options.controlPlaneDatabase, 'owner', () => stack.runCreateOwner());
    await stack.startControlPlane();
    await stack.createApiKey();
    return stack;
  }

  /**
   * Starts the Control Plane, or restarts it after a stop. `env` is added to the environment that all Control
   * Plane processes share.
   */
  async startControlPlane(env: Env = {}, awaitReady = true): Promise<PlaneProcess> {
    this.controlPlane = await this.anotherControlPlane(env, this.controlPlanePort, awaitReady);
    return this.controlPlane;
  }

  /** Starts another process of the same Control Plane, on its own port. */
  async anotherControlPlane(env: Env = {}, port = 0, awaitReady = true): Promise<PlaneProcess> {
    const plane = await startPlane('control-plane', { env: { ...this.env, ...env }, port, awaitReady });
    this.controlPlanes.push(plane);
    return plane;
  }

  /** Calls the Control Plane's API with the stack's API key. */
  api<T = Record<string, unknown>>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    const headers = { authorization: `Bearer ${this.apiKey}`, ...options.headers };
    return request<T>(`${this.controlPlane.url}${path}`, { ...options, headers });
  }

  async registerCell(
    options: { name?: string; region?: string; capacity?: number; secret?: string } = {},
  ): Promise<{ id: string; install: InstallView }> {
    const { name = `cell-${randomBytes(4).toString('hex')}`, capacity = 10_000, secret } = options;
    const body = { name, region: options.region ?? 'local', capacity, ...(secret && { secret }) };
    const answer = await this.api<{ tenant_plane: { id: string }; install: InstallView }>(
      '/api/tenant-planes',
      { body },
    );
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return { id: answer.body.tenant_plane.id, install: answer.body.install };
  }

  /**
   * Starts a tenant plane with its install bundle. The first plane gets the port that tenants' addresses
   * contain.
   */
  async startTenantPlane(
    install: InstallView,
    database: TestDatabase,
    env: Env = {},
    awaitReady = true,
  ): Promise<PlaneProcess> {
    const isFirst = this.tenantPlanes.every((one) => one.port !== this.tenantPlanePort);
    const port = isFirst ? this.tenantPlanePort : await freePort();
    const plane = await startPlane('tenant-plane', {
      port,
      awaitReady,
      env: {
        ...install.env,
        TENANT_PLANE_DATABASE_URL: database.url,
        TENANT_PLANE_MIGRATION_DATABASE_URL: database.ownerUrl,
        TENANT_PLANE_PUBLIC_URL: `http://127.0.0.1:${port}`,
        TENANT_BASE_DOMAIN: `localhost:${this.tenantPlanePort}`,
        ...env,
      },
    });
    this.tenantPlanes.push(plane);
    return plane;
  }

  /** Stops a tenant plane and forgets it, so that the next plane gets its port. */
  async endTenantPlane(plane: PlaneProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.tenantPlanes.splice(this.tenantPlanes.indexOf(plane), 1);
    await plane.end(signal);
  }

  async awaitEnrolled(id: string): Promise<void> {
    const isEnrolled = async (): Promise<boolean> => {
      const { body } = await this.api<{ items: { id: string; status: string }[] }>('/api/tenant-planes');
      return body.items.some((plane) => plane.id === id && plane.status === 'enrolled');
    };
    const enrolled = eventually(isEnrolled, { what: 'the tenant plane is enrolled' });
    await enrolled.catch((error: Error) => {
      const said = this.tenantPlanes.map((plane) => plane.output().slice(-4000));
      throw new Error([error.message, ...said, this.controlPlane.output().slice(-4000)].join('\n'));
    });
  }

  provision(
    slug: string,
    options: { headers?: Record<string, string>; body?: object } = {},
  ): Promise<Answer<Provisioned>> {
    const body = {
      name: `Tenant ${slug}`,
      slug,
      deployment_model: 'shared',
      // So that tests may create as many users and agents as they need.
      plan: 'enterprise',
      admin_email: `admin@${slug}.example.com`,
      ...options.body,
    };
    return this.api<Provisioned>('/api/tenants/provision', { body, headers: options.headers });
  }

  async awaitActive(idOrSlug: string, timeoutMs = 30_000): Promise<TenantView> {
    const ask = async (): Promise<TenantView | false> => {
      const { body } = await this.api<TenantView>(`/api/tenants/${idOrSlug}`).catch(() => ({ body: null }));
      return body?.status === 'active' && body;
    };
    return eventually(ask, { timeoutMs, what: `tenant ${idOrSlug} is active` });
  }

  /** Provisions a tenant and signs up its first admin. */
  async tenantWithAdmin(slug: string): Promise<{ tenant: TenantView; session: SessionView }> {
    const { body } = await this.provision(slug);
    const tenant = await this.awaitActive(body.tenant.id);
    return { tenant, session: await this.signUp(tenant) };
  }

  /** `at`: the address of the tenant plane, if it is not the first shared plane. */
  async signUp(tenant: TenantView, at?: string): Promise<SessionView> {
    const link = await this.api<{ token: string }>(`/api/tenants/${tenant.id}/signup-link`, {
      method: 'POST',
    });
    const body = { token: link.body.token, password: ADMIN_PASSWORD };
    const exchange = await this.tenant<SessionView>(tenant.slug, '/api/auth/signup-exchange', { body, at });
    if (exchange.status !== 201) throw new Error(JSON.stringify(exchange.body));
    return exchange.body;
  }

  /** Calls the tenant plane at its bare address, naming the tenant in `x-tenant-id`. */
  tenant<T = Record<string, unknown>>(
    idOrSlug: string,
    path: string,
    { at = `http://127.0.0.1:${this.tenantPlanePort}`, ...options }: TenantCall = {},
  ): Promise<Answer<T>> {
    const headers: Record<string, string> = { 'x-tenant-id': idOrSlug, ...options.headers };
    if (options.session) headers['authorization'] = `Bearer ${options.session}`;
    return request<T>(`${at}${path}`, { ...options, headers });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.controlPlanes, ...this.tenantPlanes].map((plane) => plane.end('SIGKILL')));
  }

  private async runCreateOwner(): Promise<void> {
    const args = [builtFile('control-plane', 'create-owner.js'), '--email', OWNER_EMAIL, '--password-stdin'];
    const env = { PATH: process.env['PATH'], ...this.env };
    const created = promisify(execFile)(process.execPath, args, { env });
    created.child.stdin?.end(ADMIN_PASSWORD);
    await created;
  }

  private async createApiKey(): Promise<void> {
    const login = { email: OWNER_EMAIL, password: ADMIN_PASSWORD };
    const session = await this.api<{ token: string }>('/api/auth/login', { body: login });
    const authorization = `Bearer ${session.body.token}`;
    const key = await this.api<{ key: string }>('/api/api-keys', {
      body: { name: 'tests', scopes: ALL_SCOPES },
      headers: { authorization },
    });
    this.apiKey = key.body.key;
  }
}

const ALL_SCOPES = [
  'tenants:read',
  'tenants:provision',
  'tenants:write',
  'jobs:read',
  'jobs:write',
  'tokens:read',
  'tokens:issue',
  'planes:read',
  'planes:write',
  'routing:read',
  'audit:read',
  'api_keys:read',
  'api_keys:write',
  'events:manage',
  'operators:read',
  'operators:write',
  'ai_providers:write',
  'secrets:read',
  'secrets:write',
];
