import { type DeploymentModel, profileOf } from '@atlas/deployment-profiles';
import { type Ask } from '@atlas/isolation';
import {
  ADMIN_PASSWORD,
  DedicatedStack,
  type InstallView,
  type PlaneProcess,
  type TenantView,
  type TestDatabase,
  eventually,
  freePort,
  startPlane,
} from '@atlas/testing';
import { type ProofContext } from '../proof';

interface Accepted {
  readonly job: { readonly id: string };
  readonly install?: InstallView;
}

export interface JobView {
  readonly status: string;
  readonly error: unknown;
  readonly steps: readonly { name: string; status: string; outputs: Record<string, unknown> }[];
}

const MOVE_MS = 300_000;

/** A tenant and all the places it can move to: a cell, planes created by Atlas, and a customer's planes. */
export class Tour {
  private readonly customers: PlaneProcess[] = [];
  /** The database of the plane that currently serves the tenant. */
  database: TestDatabase;
  tenant: TenantView;
  session = '';

  private constructor(
    private readonly context: ProofContext,
    private readonly dedicated: DedicatedStack,
    private readonly cellDatabase: TestDatabase,
  ) {
    this.database = cellDatabase;
  }

  static async begin(context: ProofContext): Promise<Tour> {
    const dedicated = await DedicatedStack.start(context.driver);
    const tour = new Tour(context, dedicated, await context.database());
    const { stack } = dedicated;
    const { id, install } = await stack.registerCell();
    await stack.startTenantPlane(install, tour.cellDatabase);
    await stack.awaitEnrolled(id);
    const { tenant, session } = await stack.tenantWithAdmin('mover');
    tour.tenant = tenant;
    tour.session = session.token;
    return tour;
  }

  get headers(): Readonly<Record<string, string>> {
    return { 'x-tenant-id': this.tenant.id, authorization: `Bearer ${this.session}` };
  }

  /** Calls the plane that serves the tenant, as its admin. Throws if the plane refuses. */
  readonly ask: Ask = async <T>(path: string, body?: object): Promise<T> => {
    const at = this.tenant.endpoint_url ?? '';
    const { session } = this;
    const answer = await this.dedicated.stack.tenant<T>(this.tenant.id, path, { at, session, body });
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

  /**
   * Moves the tenant and waits until the move is over. If a customer's plane serves the tenant, the tenant's
   * admin consents first.
   */
  async move(model: string): Promise<JobView> {
    const { stack } = this.dedicated;
    const isTheirs = profileOf(this.tenant.deployment_model as DeploymentModel).installRequired;
    const path = `/api/tenants/${this.tenant.id}/move`;
    const { status, body } = await stack.api<Accepted>(path, { body: { deployment_model: model } });
    if (status !== 202) throw new Error(JSON.stringify(body));
    const customers = body.install && (await this.install(body.install));
    if (isTheirs) await this.consent();
    const job = await this.ended(body.job.id);
    this.tenant = (await stack.api<TenantView>(`/api/tenants/${this.tenant.id}`)).body;
    this.database = customers ?? (await this.databaseOf(model));
    return job;
  }

  /** Whether a returning user can sign in. */
  async signIn(): Promise<boolean> {
    const login = { email: 'admin@mover.example.com', password: ADMIN_PASSWORD };
    const at = this.tenant.endpoint_url ?? '';
    const { status } = await this.dedicated.stack.tenant(this.tenant.id, '/api/auth/token', {
      at,
      body: login,
    });
    return status === 200;
  }

  async end(): Promise<void> {
    await this.dedicated.stop();
    await Promise.all(this.customers.map((plane) => plane.end('SIGKILL')));
  }

  private async install({ env }: InstallView): Promise<TestDatabase> {
    const database = await this.context.database();
    const port = await freePort();
    const plane = await startPlane('tenant-plane', {
      port,
      env: {
        ...env,
        TENANT_PLANE_DATABASE_URL: database.ownerUrl ?? database.url,
        TENANT_PLANE_PUBLIC_URL: `http://127.0.0.1:${port}`,
      },
    });
    this.customers.push(plane);
    return database;
  }

  private async consent(): Promise<void> {
    const at = this.tenant.endpoint_url ?? '';
    const call = (path: string, method: string) =>
      this.dedicated.stack.tenant<{ items: unknown[] }>(this.tenant.id, path, {
        at,
        method,
        session: this.session,
      });
    const isAsked = async () => (await call('/api/moves', 'GET')).body.items.length === 1;
    await eventually(isAsked, {
      timeoutMs: 60_000,
      what: 'the plane lists the move for which it needs consent',
    });
    const { status, body } = await call('/api/moves/consent', 'POST');
    if (status !== 200) throw new Error(JSON.stringify(body));
  }

  private async ended(jobId: string): Promise<JobView> {
    const ended = async () => {
      const { body } = await this.dedicated.stack.api<JobView>(`/api/provisioning-jobs/${jobId}`);
      return ['succeeded', 'failed', 'cancelled'].includes(body.status) && body;
    };
    return eventually(ended, { timeoutMs: MOVE_MS, everyMs: 200, what: 'the move is over' });
  }

  private async databaseOf(model: string): Promise<TestDatabase> {
    if (model === 'shared') return this.cellDatabase;
    const { body } = await this.dedicated.stack.api<{ db_url: string }>(
      `/api/tenants/${this.tenant.id}/db-url`,
    );
    return { driver: this.context.driver, url: body.db_url, drop: () => Promise.resolve() };
  }
}
