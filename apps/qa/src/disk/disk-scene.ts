import {
  type Answer,
  type PlaneName,
  type PlaneProcess,
  type SessionView,
  type TestDatabase,
  TestStack,
  builtFile,
  eventually,
} from '@atlas/testing';

interface Page {
  readonly items: readonly { readonly title?: string; readonly slug?: string }[];
  readonly next_cursor: string | null;
}

const SLUG = 'full-disk';
/**
 * A write beyond the file size limit raises a signal that would terminate the process, so the preload handles
 * this signal.
 */
const OUTLIVE_LIMITS = { NODE_OPTIONS: `--require "${builtFile('qa', 'preloads/outlive-limits.js')}"` };

/** Both planes, running as processes, and one tenant, whose admin creates incidents. */
export class DiskScene {
  private plane: PlaneProcess;
  private session: SessionView;

  private constructor(
    readonly stack: TestStack,
    private readonly install: {
      readonly env: Readonly<Record<string, string>>;
      readonly token: string;
      readonly token_id: string;
    },
    readonly planeDatabase: TestDatabase,
  ) {}

  static async start(controlPlaneDatabase: TestDatabase, planeDatabase: TestDatabase): Promise<DiskScene> {
    const stack = await TestStack.start({ controlPlaneDatabase, controlPlaneEnv: OUTLIVE_LIMITS });
    const { id, install } = await stack.registerCell();
    const scene = new DiskScene(stack, install, planeDatabase);
    await scene.startPlane();
    await stack.awaitEnrolled(id);
    scene.session = (await stack.tenantWithAdmin(SLUG)).session;
    return scene;
  }

  get pids(): number[] {
    return [this.stack.controlPlane.pid, this.plane.pid];
  }

  get planeUrl(): string {
    return this.plane.url;
  }

  /** Creates an incident on the Tenant Plane, or a tenant on the Control Plane. */
  write(plane: PlaneName, name: string, headers: Record<string, string>): Promise<Answer<unknown>> {
    if (plane === 'control-plane') return this.stack.provision(name, { headers });
    const body = { title: name, severity: 'P3' };
    return this.stack.tenant(SLUG, '/api/incidents', { body, headers, session: this.session.token });
  }

  /** The names of all incidents or tenants that `write` has created. */
  async written(plane: PlaneName): Promise<string[]> {
    const names: string[] = [];
    for (let cursor = ''; ;) {
      const path = `?limit=100${cursor && `&cursor=${cursor}`}`;
      const { body } =
        plane === 'control-plane'
          ? await this.stack.api<Page>(`/api/tenants${path}`)
          : await this.stack.tenant<Page>(SLUG, `/api/incidents${path}`, { session: this.session.token });
      names.push(...body.items.map((item) => item.title ?? item.slug ?? ''));
      if (!body.next_cursor) return names.filter((name) => name !== SLUG);
      cursor = body.next_cursor;
    }
  }

  /** The HTTP statuses of both readiness checks, the Control Plane's first. */
  async readiness(): Promise<number[]> {
    const urls = [this.stack.controlPlane.url, this.plane.url];
    return Promise.all(urls.map(async (url) => (await fetch(`${url}/health/ready`)).status));
  }

  /** Waits until both planes are ready again. */
  async ready(): Promise<void> {
    const areReady = async (): Promise<boolean> => (await this.readiness()).every((status) => status === 200);
    await eventually(areReady, { timeoutMs: 30_000, what: 'both planes are ready' });
  }

  /** How many tenants are not active yet. */
  async unfinished(): Promise<number> {
    const { body } = await this.stack.api<Page>('/api/tenants?status=provisioning&limit=100');
    const failed = await this.stack.api<Page>('/api/tenants?status=failed&limit=100');
    return body.items.length + failed.body.items.length;
  }

  /** Kills both planes with `kill -9` and starts them again. */
  async restart(): Promise<void> {
    await Promise.all([
      this.stack.controlPlane.end('SIGKILL'),
      this.stack.endTenantPlane(this.plane, 'SIGKILL'),
    ]);
    await Promise.all([this.stack.startControlPlane(), this.startPlane()]);
  }

  stop(): Promise<void> {
    return this.stack.stop();
  }

  private async startPlane(): Promise<void> {
    this.plane = await this.stack.startTenantPlane(this.install, this.planeDatabase, OUTLIVE_LIMITS);
  }
}
