import { PLANE_PATHS, epochOf } from '@atlas/plane-contract';
import { ADMIN_PASSWORD, OWNER_EMAIL, type TestStack, asAdmin } from '@atlas/testing';
import { type Client } from 'pg';
import { WholePath } from '../activate/whole-path';
import { type Bench } from '../bench';
import { inDatabase, nameOf } from '../database-url';
import { httpMessage } from '../http/message';
import { type Load, type LoadResult } from '../load/run-load';
import { Calls } from '../product/calls';
import { SimulatedPlane } from '../signed/simulated-plane';
import { untilSealed } from '../waiting/until-sealed';
import { copiedId } from './copied-rows';
import { copyTenants } from './many-tenants';

/** Reconciliation is measured elsewhere. */
const SETTINGS = { RECONCILE_INTERVAL_SECONDS: '0' };
const ROOM = 500_000;
/** The first tenant of the cell without a process, and the revision of its entry, which is the newest. */
const FIRST_OF_CELL = 100;
const PUBLISHED_LAST = 1000;

export interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly next_cursor: string | null;
}

export type Calling = (load: Load) => Promise<LoadResult>;

/** A Control Plane with as many tenants as asked for, a real tenant plane, and a cell without a process. */
export class GrownPlane {
  private reports = 0;

  private constructor(
    readonly tenants: number,
    private readonly path: WholePath,
    private readonly cell: SimulatedPlane,
    /** The only tenant whose slug does not begin like those of the copies. */
    private readonly original: Item,
  ) {}

  static async start(bench: Bench, tenants: number): Promise<GrownPlane> {
    const path = await WholePath.start(bench, SETTINGS);
    const { stack, controlPlaneUrl } = path.planes;
    await path.provision({ callers: 1, count: 1 });
    const [tenant, job] = [await first(stack, '/api/tenants'), await first(stack, '/api/provisioning-jobs')];
    const cell = await SimulatedPlane.enrol(stack, ROOM);
    await untilSealed(controlPlaneUrl);
    const adminUrl = inDatabase(await bench.postgresUrl(), nameOf(controlPlaneUrl));
    const originals = { tenantId: tenant.id, jobId: job.id, cellId: cell.id };
    await asAdmin(adminUrl, (client) => copyTenants(client, originals, tenants));
    await asAdmin(adminUrl, (client) => publishOne(client, cell.id));
    return new GrownPlane(tenants, path, cell, tenant);
  }

  get stack(): TestStack {
    return this.path.planes.stack;
  }

  async page(path: string): Promise<Page> {
    const { status, body } = await this.stack.api<Page>(path);
    if (status !== 200) throw new Error(`${path} was answered with ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  get(path: string): Calling {
    return this.calls(200, () => this.message('GET', path));
  }

  /** What is measured beside lists, by name. */
  others(): Readonly<Record<string, Calling>> {
    const { controlPlane, tenantPlanePort } = this.stack;
    const login = { email: OWNER_EMAIL, password: ADMIN_PASSWORD };
    const since = `${epochOf(this.cell.revision)}.${PUBLISHED_LAST - 1}`;
    const changes = `${PLANE_PATHS.desiredState}?since=${since}`;
    return {
      'accepting a tenant': (load) => this.path.accept(load),
      'activating a tenant': (load) => this.path.provision(load),
      'signing in': this.calls(200, () => this.message('POST', '/api/auth/login', login)),
      overview: this.get('/api/overview'),
      'a tenant by its slug': this.get('/api/tenants/grown-21'),
      'a search by slug': this.get(`/api/tenants?q=${this.original.slug}`),
      'routing a host': this.get(`/api/routing/resolve?host=grown-21.localhost:${tenantPlanePort}`),
      'a sign-up link, audited': this.calls(201, () =>
        this.message('POST', `/api/tenants/${copiedId(21)}/signup-link`),
      ),
      'one changed entry of desired state': this.calls(200, () => this.cell.message('GET', changes)),
      'a report on one entry': this.calls(200, () =>
        this.cell.message('POST', PLANE_PATHS.report, this.report(controlPlane.pid)),
      ),
    };
  }

  private report(link: number): string {
    const entry = { tenant_id: copiedId(FIRST_OF_CELL), entry_revision: PUBLISHED_LAST, state: 'applied' };
    return JSON.stringify({
      revision: `${epochOf(this.cell.revision)}.${PUBLISHED_LAST}`,
      version: '0.1.0',
      usage: {},
      health: {},
      sequence: (this.reports += 1),
      link_id: `00000000-0000-4000-8000-${String(link).padStart(12, '0')}`,
      tenants: [entry],
    });
  }

  private calls(status: number, messageOf: () => string): Calling {
    const calls = new Calls(this.stack.controlPlane.url, status, messageOf);
    return (load) => calls.load(load);
  }

  private message(method: 'GET' | 'POST', path: string, body?: object): string {
    const headers = { authorization: `Bearer ${this.stack.apiKey}` };
    const url = new URL(path, this.stack.controlPlane.url);
    return httpMessage({ method, url, headers, body: body && JSON.stringify(body) });
  }
}

interface Item {
  readonly id: string;
  readonly slug?: string;
}

async function first(stack: TestStack, path: string): Promise<Item> {
  const { body } = await stack.api<{ items: Item[] }>(path);
  const [item] = body.items;
  if (!item) throw new Error(`${path} is empty.`);
  return item;
}

/** Publishes one entry to the cell after all others. New tenants are placed only on the real tenant plane. */
async function publishOne(client: Client, cellId: string): Promise<void> {
  const plane = 'update tenant_planes set accepts_tenants = false, revision = $2 where id = $1';
  await client.query(plane, [cellId, PUBLISHED_LAST]);
  const entry = 'update placements set entry_revision = $2 where tenant_plane_id = $1 and tenant_id = $3';
  await client.query(entry, [cellId, PUBLISHED_LAST, copiedId(FIRST_OF_CELL)]);
}
