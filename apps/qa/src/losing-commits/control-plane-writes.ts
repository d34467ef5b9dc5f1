import { type Sender } from '@atlas/isolation';
import { type TestSmtpServer, type TestStack, eventually, linkIn, request } from '@atlas/testing';
import { type RacedOperator, racedOperators } from '../revoking/operators';
import { OF_ACTOR, OLD } from '../writing/passwords';
import { addressOf } from '../signing-in/login-scene';
import { rowsTelling } from '../rows-telling';
import { type TenantRows } from '../tenant-rows';
import { type Prepared, type Write } from './tried';

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: object;
  /** The token to send with the call; the stack's API key by default. */
  readonly by?: string;
  /** Strings that identify the rows about the request's subject. */
  readonly marks: readonly string[];
}

interface Line {
  readonly isKeyed?: true;
  /**
   * Whether the request starts a job that continues after the response. If so, rows are counted rather than
   * compared.
   */
  readonly hasJob?: true;
  ask(): Promise<Asked>;
}

/** Its name leads nowhere. */
const SUBSCRIPTION = { url: 'https://hooks.invalid/', events: ['job.failed'] };

/** States in which a job does not continue by itself. */
const AT_REST = ['waiting', 'succeeded', 'cancelled', 'failed'];

let count = 0;
const fresh = (prefix: string): string => `${prefix}-${Date.now().toString(36)}-${(count += 1)}`;

/** One request of each kind that writes to the Control Plane, each with its own subject. */
export class ControlPlaneWrites {
  private calls = 0;
  private readonly lines: Readonly<Record<string, Line>> = {
    'POST /api/tenants/provision': {
      isKeyed: true,
      hasJob: true,
      ask: async () => {
        const slug = fresh('losing');
        const body = { name: slug, slug, deployment_model: 'on_prem', admin_email: `a@${slug}.example.com` };
        return { path: '/tenants/provision', body, marks: [slug] };
      },
    },
    'PATCH /api/tenants/:id': {
      ask: async () => {
        const id = await this.tenant();
        const body = { name: 'Another name' };
        return { method: 'PATCH', path: `/tenants/${id}`, body, marks: [id] };
      },
    },
    'POST /api/tenants/:id/provisioning-tokens': {
      isKeyed: true,
      ask: async () => {
        const id = await this.tenant();
        return { path: `/tenants/${id}/provisioning-tokens`, body: {}, marks: [id] };
      },
    },
    'DELETE /api/tenants/:id/provisioning-tokens/:token_id': {
      ask: async () => {
        const id = await this.tenant();
        const { items } = await this.call<{ items: { id: string }[] }>(`/tenants/${id}/provisioning-tokens`);
        const token = items[0]?.id ?? '';
        // Only rows about the token are compared, because revoking the token also makes the waiting job fail,
        // which changes the tenant's row.
        return { method: 'DELETE', path: `/tenants/${id}/provisioning-tokens/${token}`, marks: [token] };
      },
    },
    'POST /api/tenants/:id/deprovision': {
      isKeyed: true,
      hasJob: true,
      ask: async () => {
        const id = await this.tenant();
        const { slug } = await this.call<{ slug: string }>(`/tenants/${id}`);
        return { path: `/tenants/${id}/deprovision`, body: { confirm_slug: slug }, marks: [id] };
      },
    },
    'POST /api/provisioning-jobs/:id/cancel': {
      hasJob: true,
      ask: async () => {
        const id = await this.tenant();
        const { items } = await this.call<{ items: { id: string }[] }>(`/provisioning-jobs?tenant_id=${id}`);
        return { path: `/provisioning-jobs/${items[0]?.id}/cancel`, body: {}, marks: [id] };
      },
    },
    'POST /api/signup': {
      ask: async () => {
        const slug = fresh('losing');
        const email = `a@${slug}.example.com`;
        return { path: '/signup', body: { email, slug }, by: '', marks: [email] };
      },
    },
    'POST /api/signup/verify': {
      hasJob: true,
      ask: async () => {
        const slug = fresh('losing');
        const email = `a@${slug}.example.com`;
        const body = { email, slug };
        await request(`${this.stack.controlPlane.url}/api/signup`, { body, headers: this.from() });
        const mailed = await eventually(() => this.smtp.mails.find(({ to }) => to.includes(email)), {
          what: `an email to ${email} arrives`,
        });
        const token = new URL(linkIn(mailed)).hash.slice('#token='.length);
        return { path: '/signup/verify', body: { token }, by: '', marks: [slug, email] };
      },
    },
    'POST /api/tenant-planes': {
      isKeyed: true,
      ask: async () => {
        const name = fresh('cell');
        return { path: '/tenant-planes', body: { name, region: 'local', capacity: 1 }, marks: [name] };
      },
    },
    'POST /api/tenant-planes/:id/provisioning-tokens': {
      isKeyed: true,
      ask: async () => {
        const { id } = await this.stack.registerCell({ capacity: 1 });
        return { path: `/tenant-planes/${id}/provisioning-tokens`, body: {}, marks: [id] };
      },
    },
    'POST /api/operators': {
      isKeyed: true,
      ask: async () => {
        const email = `${fresh('operator')}@example.com`;
        return { path: '/operators', body: { email, role: 'support', password: OLD }, marks: [email] };
      },
    },
    'PATCH /api/operators/:id': {
      ask: async () => {
        const { id } = await this.operator();
        return { method: 'PATCH', path: `/operators/${id}`, body: { disabled: true }, marks: [id] };
      },
    },
    'POST /api/operators/:id/reset-link': {
      isKeyed: true,
      ask: async () => {
        const { id } = await this.operator();
        return { path: `/operators/${id}/reset-link`, marks: [id] };
      },
    },
    'POST /api/api-keys': {
      isKeyed: true,
      ask: async () => {
        const name = fresh('key');
        return { path: '/api-keys', body: { name, scopes: ['jobs:read'] }, marks: [name] };
      },
    },
    'DELETE /api/api-keys/:id': {
      ask: async () => {
        const { id, key } = await this.operator();
        return { method: 'DELETE', path: `/api-keys/${key.id}`, marks: [id] };
      },
    },
    'POST /api/event-subscriptions': {
      isKeyed: true,
      ask: async () => {
        const description = fresh('hook');
        return { path: '/event-subscriptions', body: { ...SUBSCRIPTION, description }, marks: [description] };
      },
    },
    'DELETE /api/event-subscriptions/:id': {
      ask: async () => {
        const id = await this.subscription();
        return { method: 'DELETE', path: `/event-subscriptions/${id}`, marks: [id] };
      },
    },
    'POST /api/auth/login': {
      ask: async () => {
        const { id, email } = await this.operator();
        return { path: '/auth/login', body: { email, password: OLD }, by: '', marks: [id] };
      },
    },
    'POST /api/auth/logout': {
      ask: async () => {
        const { id, current } = await this.operator();
        return { path: '/auth/logout', by: current, marks: [id] };
      },
    },
    'POST /api/auth/password': {
      ask: async () => {
        const { id, current } = await this.operator();
        const body = { current_password: OLD, new_password: OF_ACTOR };
        return { path: '/auth/password', body, by: current, marks: [id] };
      },
    },
    'POST /api/auth/reset-password': {
      ask: async () => {
        const { id, resetToken } = await this.operator();
        const body = { token: resetToken, password: OF_ACTOR };
        return { path: '/auth/reset-password', body, by: '', marks: [id] };
      },
    },
    'DELETE /api/auth/sessions/:id': {
      ask: async () => {
        const { id, current } = await this.operator();
        const { items } = await this.call<{ items: { id: string; current: boolean }[] }>(
          '/auth/sessions',
          current,
        );
        const other = items.find((session) => !session.current);
        return { method: 'DELETE', path: `/auth/sessions/${other?.id}`, by: current, marks: [id] };
      },
    },
  };

  constructor(
    private readonly stack: TestStack,
    private readonly sender: Sender,
    private readonly disk: TenantRows,
    private readonly smtp: TestSmtpServer,
  ) {}

  all(): Write[] {
    return Object.entries(this.lines).map(([name, line]) => ({
      name,
      isKeyed: line.isKeyed === true,
      prepare: () => this.prepare(line),
    }));
  }

  private async prepare({ ask, isKeyed, hasJob }: Line): Promise<Prepared> {
    const { method = 'POST', path, body, by = this.stack.apiKey, marks } = await ask();
    const own = {
      ...this.from(),
      authorization: `Bearer ${by}`,
      ...(isKeyed && { 'idempotency-key': fresh('key') }),
      ...(body && { 'content-type': 'application/json' }),
    };
    return {
      send: (headers) =>
        this.sender.send({
          method,
          target: `/api${path}`,
          host: null,
          headers: { ...own, ...headers },
          ...(body && { body: JSON.stringify(body) }),
        }),
      isMeant: (status) => status < 300,
      rows: async () => {
        if (!hasJob) {
          const rows = await rowsTelling(this.stack.controlPlaneDatabase, marks);
          return rows.filter((row) => !OF_OTHERS.test(row));
        }
        const ids = await this.tenantsOf(marks);
        for (const id of ids) await this.atRest(id);
        const rows = await rowsTelling(this.stack.controlPlaneDatabase, [...marks, ...ids]);
        return rows
          .filter((row) => OF_REQUESTS.test(row))
          .map((row) => /^\S+ .*?"id":"[^"]*"/.exec(row)?.[0] ?? row);
      },
    };
  }

  /** A new client address, so that limits per address do not apply. */
  private from(): { 'x-forwarded-for': string } {
    return { 'x-forwarded-for': addressOf((this.calls += 1)) };
  }

  /** A tenant whose job is waiting for its plane to enrol. */
  private async tenant(): Promise<string> {
    const { body } = await this.stack.provision(fresh('losing'), { body: { deployment_model: 'on_prem' } });
    await this.atRest(body.tenant.id);
    return body.tenant.id;
  }

  private async tenantsOf(marks: readonly string[]): Promise<string[]> {
    const rows = await this.disk.query<{ id: string }>(
      'select id from tenants where slug = $1 or cast(id as varchar) = $1',
      [marks[0]],
    );
    return rows.map(({ id }) => id);
  }

  private async atRest(tenantId: string): Promise<void> {
    const isAtRest = async (): Promise<boolean> => {
      const { items } = await this.call<{ items: { status: string }[] }>(
        `/provisioning-jobs?tenant_id=${tenantId}`,
      );
      return items.every(({ status }) => AT_REST.includes(status));
    };
    await eventually(isAtRest, { what: `the jobs of ${tenantId} are at rest` });
  }

  private async operator(): Promise<RacedOperator> {
    const [operator] = await racedOperators(this.disk, 1);
    if (!operator) throw new Error('No operator was created.');
    return operator;
  }

  private async subscription(): Promise<string> {
    const body = { ...SUBSCRIPTION, description: fresh('hook') };
    const answer = await this.stack.api<{ id: string }>('/api/event-subscriptions', { body });
    return answer.body.id;
  }

  private async call<T>(path: string, by = this.stack.apiKey): Promise<T> {
    const { status, body } = await this.stack.api<T>(`/api${path}`, {
      headers: { authorization: `Bearer ${by}` },
    });
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }
}

/** Rows that are written independently of the request, by a waiting job that polls and by the mailer. */
const OF_OTHERS = /^(?:provisioning_jobs|outgoing_mails) /;
/** The tables that a request itself writes to. */
const OF_REQUESTS = /^(?:tenants|provisioning_jobs|provisioning_tokens|tenant_planes) /;
