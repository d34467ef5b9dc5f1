import {
  ADMIN_PASSWORD,
  type RequestOptions,
  type SessionView,
  type TenantView,
  eventually,
  request,
} from '@atlas/testing';
import { AgentsMachine } from './agents-machine.fixture';
import { type Monitoring } from './monitoring.fixture';

const WAIT = { timeoutMs: 60_000 } as const;
const EVENTS = { good: 995, total: 1000 } as const;
/** Writes down each of its runs. */
const COMMAND = 'echo "$1" >> "$2"; echo "The disk of $1 has space again."';

interface Incident {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly severity: string;
  readonly source: string;
  readonly ci_ids: readonly string[];
}
interface Run {
  readonly id: string;
  readonly status: string;
  readonly steps: readonly { readonly status: string; readonly output_tail: string | null }[];
}
interface Checklist {
  readonly progress: { readonly completed: number };
  readonly steps: readonly { readonly key: string; readonly status: string }[];
}
interface Listed {
  readonly items: readonly object[];
}

/** Everything that the story leaves behind and that must survive a move. */
export type Remains = Readonly<Record<string, unknown>>;

/**
 * What the people of one tenant do: their Alertmanager reports full disks, and an agent on their server frees
 * them, once an admin has approved that.
 */
export class Story {
  readonly machine = new AgentsMachine();
  private operator = '';
  private runbook = '';
  private slo = '';

  private constructor(
    readonly tenant: TenantView,
    private readonly admin: string,
    private at: string,
  ) {}

  /** Prepares everything that a tenant needs before its first alert. `at`: the address of its plane. */
  static async begin(tenant: TenantView, session: SessionView, at: string): Promise<Story> {
    const story = new Story(tenant, session.token, at);
    story.operator = await story.colleague();
    const runbook = await story.ask<{ id: string }>('/api/runbooks', {
      body: {
        name: 'Free the disk',
        parameters: [{ name: 'host', required: true, pattern: '[a-z0-9-]+' }],
        steps: [
          {
            name: 'free',
            kind: 'shell',
            risk: 'high',
            config: { command: COMMAND, args: ['{{host}}', story.machine.effectsFile], shell: true },
          },
        ],
      },
    });
    story.runbook = runbook.id;
    const { key } = await story.ask<{ key: string }>('/api/agents', { body: { name: 'server' } });
    await story.machine.enrol(at, key);
    story.machine.allow([{ shell: COMMAND, args: ['*', story.machine.effectsFile] }]);
    story.machine.run();
    return story;
  }

  /** Creates a data source. Returns the URL for Alertmanager, which cannot resolve the tenant's own name. */
  async ingestUrl(): Promise<string> {
    const body = { name: 'Alertmanager', kind: 'alertmanager', group_by: ['alertname', 'ci'] };
    const { ingest_url } = await this.ask<{ ingest_url: string }>('/api/data-sources', { body });
    return `${this.at}${new URL(ingest_url).pathname}`;
  }

  /** The classes of calls in the plane's ledger: those that left, and those that were refused. */
  async left(): Promise<{ readonly left: readonly string[]; readonly refused: readonly string[] }> {
    const calls = await this.list<{ class: string; refused: boolean }>('/api/residency/ledger?limit=200');
    const classesOf = (isRefused: boolean): string[] =>
      [...new Set(calls.filter(({ refused }) => refused === isRefused).map((call) => call.class))].sort();
    return { left: classesOf(false), refused: classesOf(true) };
  }

  /** The plane that serves the tenant from now on. */
  moved(at: string): void {
    this.at = at;
  }

  async opens(host: string, monitoring: Monitoring): Promise<Incident> {
    const item = await this.item('server', host);
    const service = await this.item('service', `Shop on ${host}`);
    const edge = { from_id: service, to_id: item, type: 'runs_on' };
    await this.ask('/api/cmdb/relationships', { body: edge });
    monitoring.fire(host, this.tenant.slug);
    const about = `/api/incidents?ci_id=${item}`;
    const incident = await eventually(async () => (await this.list<Incident>(about))[0], {
      ...WAIT,
      what: `${this.tenant.slug} has an incident about ${host}`,
      found: async () => JSON.stringify(await this.list('/api/alerts')),
    });
    expect(incident).toMatchObject({
      title: `DiskFull: The disk of ${host} is full`,
      status: 'triggered',
      severity: 'P1',
      source: 'alert',
      ci_ids: [item],
    });
    const impact = await this.ask(`/api/cmdb/items/${item}/impact`);
    expect(impact).toMatchObject({ items: [{ id: service, state: 'down', depth: 1 }], truncated: false });
    return incident;
  }

  /** The operator runs the runbook, an admin approves it, and the agent runs it once. */
  async repairs(host: string, { id: incident_id }: Incident): Promise<void> {
    const body = { incident_id, parameters: { host } };
    const path = `/api/runbooks/${this.runbook}/runs`;
    const { id } = await this.ask<Run>(path, { body, as: this.operator });
    const job = `/api/automation/jobs/${id}`;
    expect(await this.ask<Run>(job)).toMatchObject({ status: 'waiting_approval' });
    const step = { body: { step: 'free' } };
    const refused = await this.call(`${job}/approve`, { ...step, as: this.operator });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    await this.ask(`${job}/approve`, step);
    const run = await eventually(
      async () => {
        const found = await this.ask<Run>(job);
        return !['queued', 'running'].includes(found.status) && found;
      },
      { ...WAIT, what: `${this.tenant.slug} has freed ${host}` },
    );
    expect(run).toMatchObject({
      status: 'succeeded',
      steps: [{ exit_code: 0, output_tail: `The disk of ${host} has space again.\n` }],
    });
    expect(this.machine.effects().filter((one) => one === host)).toEqual([host]);
  }

  async closes(host: string, { id }: Incident, monitoring: Monitoring): Promise<void> {
    monitoring.resolve([host]);
    const path = `/api/incidents/${id}`;
    await eventually(async () => (await this.ask<Incident>(path)).status === 'resolved', {
      ...WAIT,
      what: `the incident of ${this.tenant.slug} about ${host} resolves`,
    });
    const early = await this.call(path, { method: 'PATCH', body: { status: 'closed' }, as: this.operator });
    expect(early).toMatchObject({ status: 422, body: { code: 'resolution_notes_required' } });
    const body = { status: 'closed', resolution_notes: 'Old logs filled the disk. They are deleted now.' };
    const closed = await this.ask<Incident>(path, { method: 'PATCH', body, as: this.operator });
    expect(closed).toMatchObject({ status: 'closed' });
    const timeline = await this.list<{ kind: string }>(`${path}/timeline`);
    const kinds = new Set(timeline.map(({ kind }) => kind));
    for (const kind of ['created', 'alert', 'run', 'status']) expect(kinds).toContain(kind);
  }

  /** `times`: how often the same events have been counted in all. */
  async counts(times: number): Promise<void> {
    if (this.slo === '') {
      const body = { name: 'Orders', objective: 0.99, window_days: 30, indicator: { kind: 'events' } };
      this.slo = (await this.ask<{ id: string }>('/api/slos', { body, as: this.operator })).id;
    }
    await this.ask(`/api/slos/${this.slo}/events`, { body: EVENTS, as: this.operator });
    const status = await this.ask(`/api/slos/${this.slo}/status`);
    const [good, total] = [EVENTS.good * times, EVENTS.total * times];
    expect(status).toMatchObject({ good, total, attainment: 0.995, state: 'ok' });
  }

  /** The keys of the onboarding steps that are done. */
  async done(): Promise<string[]> {
    const { steps } = await this.ask<Checklist>('/api/onboarding');
    return steps.filter(({ status }) => status === 'done').map(({ key }) => key);
  }

  async analyses({ id }: Incident): Promise<void> {
    const body = { allow_control_plane: true, features: { analysis: 'allow' } };
    await this.ask('/api/ai/settings', { method: 'PUT', body });
    await this.ask(`/api/ai/incidents/${id}/analysis`, { method: 'POST' });
  }

  /** Consents to a move. Returns false if the tenant's plane does not know of the move yet. */
  async consents(): Promise<boolean> {
    const { status, body } = await this.call<{ code?: string }>('/api/moves/consent', { method: 'POST' });
    if (status >= 300 && body.code !== 'no_move_pending') throw new Error(JSON.stringify(body));
    return status < 300;
  }

  async remains(): Promise<Remains> {
    const incidents = await this.list<Incident>('/api/incidents?limit=100');
    const timelines = incidents.map(({ id }) => this.list(`/api/incidents/${id}/timeline?limit=100`));
    const agents = await this.list<{ id: string; name: string }>('/api/agents');
    return {
      incidents,
      timelines: await Promise.all(timelines),
      alerts: await this.list('/api/alerts?limit=100'),
      items: await this.list('/api/cmdb/items?limit=100'),
      runs: await this.list('/api/automation/jobs?limit=100'),
      agents: agents.map(({ id, name }) => ({ id, name })),
      budget: await this.ask(`/api/slos/${this.slo}/status`),
      onboarding: (await this.ask<Checklist>('/api/onboarding')).progress,
    };
  }

  private item(type: string, name: string): Promise<string> {
    const body = { type, name, key: name.toLowerCase().replaceAll(' ', '-') };
    return this.ask<{ id: string }>('/api/cmdb/items', { body, as: this.operator }).then(({ id }) => id);
  }

  /** Invites an operator, who accepts. Returns the operator's session. */
  private async colleague(): Promise<string> {
    const email = `operator@${this.tenant.slug}.example.com`;
    const invitation = { body: { email, role: 'operator' } };
    const { url } = await this.ask<{ url: string }>('/api/auth/invite', invitation);
    const body = { token: url.split('#token=')[1], password: ADMIN_PASSWORD };
    return (await this.ask<SessionView>('/api/auth/signup-exchange', { body })).token;
  }

  private async list<T = object>(path: string): Promise<T[]> {
    const { items } = await this.ask<Listed>(path);
    return [...items] as T[];
  }

  private async ask<T = object>(path: string, options: Call = {}): Promise<T> {
    const { status, body } = await this.call<T>(path, options);
    if (status < 300) return body;
    throw new Error(`${this.tenant.slug}: ${path} returned ${status} ${JSON.stringify(body)}`);
  }

  private call<T = object>(path: string, { as = this.admin, ...options }: Call) {
    const headers = { 'x-tenant-id': this.tenant.id, authorization: `Bearer ${as}` };
    return request<T>(`${this.at}${path}`, { ...options, headers });
  }
}

/** `as`: a session. By default, the admin's. */
type Call = Omit<RequestOptions, 'headers'> & { readonly as?: string };
