import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Look } from '@atlas/operator-api';
import { Database, insertRow } from '@atlas/persistence';
import { sendSignal } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { type DatabaseDriver, asAdmin, dropDedicated, eventually, testServerUrl } from '@atlas/testing';
import { LocalPlane } from '../src/infrastructure/drivers/local/local-plane.entity';
import { LocalPlanes } from '../src/infrastructure/drivers/local/local-planes';
import { newProvisioningJob } from '../src/provisioning-jobs/job-starter';
import { ProvisioningJob } from '../src/provisioning-jobs/provisioning-job.entity';
import { Drift } from '../src/reconcile/drift.entity';
import { Reconciler } from '../src/reconcile/reconciler';
import { Placement } from '../src/registry/placement.entity';
import { TenantPlane } from '../src/registry/tenant-plane.entity';
import { Tenant } from '../src/registry/tenant.entity';
import { JobScene } from './job-scene.fixture';
import { PlaneSimulator } from './plane-simulator.fixture';

export interface Settled {
  readonly id: string;
  readonly slug: string;
  readonly planeId: string;
}

/** Each process records its start in its folder. */
const STUB = `require('node:fs').appendFileSync('starts', process.pid + '\\n');
setInterval(() => undefined, 1000);`;

/** A Control Plane whose local driver starts processes that do nothing. The tenant planes are simulated. */
export class ReconcileScene {
  private constructor(
    readonly driver: DatabaseDriver,
    readonly scene: JobScene,
    readonly folder: string,
  ) {}

  static async set(driver: DatabaseDriver): Promise<ReconcileScene> {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-reconcile-'));
    const app = join(folder, 'app');
    mkdirSync(app);
    writeFileSync(join(app, 'main.js'), STUB);
    writeFileSync(join(app, 'migrate.js'), '');
    const scene = await JobScene.set(driver, {
      INFRASTRUCTURE_DRIVER: 'local',
      LOCAL_DRIVER_DIR: join(folder, 'planes'),
      LOCAL_DRIVER_TENANT_PLANE: app,
      LOCAL_DRIVER_POSTGRES_URL: driver === 'postgres' ? testServerUrl() : undefined,
      TERRAFORM_WORK_DIR: join(folder, 'terraform'),
    });
    const set = new ReconcileScene(driver, scene, folder);
    set.between(() => Promise.resolve());
    return set;
  }

  get plane() {
    return this.scene.plane;
  }
  get planesFolder(): string {
    return join(this.folder, 'planes');
  }

  /** Runs `work` between the two comparisons of a reconciliation, instead of the pause. */
  between(work: () => Promise<unknown>): void {
    Object.assign(this.plane.app.get(Reconciler), { pause: work });
  }

  /** Advances the clock by one second, and reconciles. */
  async look(): Promise<Look> {
    this.plane.clock.advance(1);
    return (await this.plane.post('/api/reconcile').expect(200)).body;
  }

  async shared(changes: object = {}, cell = this.scene.cell): Promise<Settled> {
    const { body } = await this.plane.provision(changes).expect(202);
    await cell.serve(body.tenant.id);
    return this.settled(body, cell.id);
  }

  async dedicated(): Promise<Settled & { readonly row: LocalPlane }> {
    const { body } = await this.plane.provision({ deployment_model: 'dedicated' }).expect(202);
    const isMade = async () => {
      const [place] = await this.plane.rows(Placement, { tenantId: body.tenant.id });
      const made = place && (await this.plane.rows(LocalPlane, { tenantPlaneId: place.tenantPlaneId }))[0];
      return made?.pid != null && made;
    };
    const found = () => this.plane.describeJobs({ id: body.job.id });
    const row = await eventually(isMade, { what: 'its plane is running', found });
    await this.simulated(row).then((simulated) => simulated.serve(body.tenant.id));
    return { ...(await this.settled(body, row.tenantPlaneId)), row };
  }

  /** The open drifts of this kind whose subject's id ends with `subjectId`. */
  open(kind: string, subjectId: string): Promise<Drift[]> {
    return this.plane
      .rows(Drift, { kind })
      .then((drifts) =>
        drifts.filter((drift) => drift.subjectId.endsWith(subjectId) && drift.resolvedAt === null),
      );
  }
  async newest(kind: string, subjectId: string): Promise<Drift | undefined> {
    const drifts = await this.plane.rows(Drift, { kind, subjectId });
    return drifts.sort((a, b) => (a.id < b.id ? 1 : -1))[0];
  }

  /** Runs `work` while a job on the subject is waiting. */
  async whileBusy(about: { tenantId?: string; tenantPlaneId?: string }, work: () => Promise<unknown>) {
    const now = this.plane.clock.now();
    const request = { operation: 'suspend' as const, steps: [] };
    const { tenantId = null, tenantPlaneId = null } = about;
    const job = {
      ...newProvisioningJob({ ...request, tenantId, tenantPlaneId }, now),
      status: 'waiting' as const,
    };
    const database = this.plane.app.get(Database);
    await database.write((manager) => insertRow(manager, ProvisioningJob, { ...job, id: uuidv7() }));
    try {
      await work();
    } finally {
      await database.write((manager) => manager.delete(ProvisioningJob, { status: 'waiting' }));
    }
  }

  /** Adds tenants like this one, on the same plane, whose ids come after those of all others. */
  async copyTenants({ id, slug, planeId }: Settled, count: number): Promise<void> {
    const head = 'ffff0000-0000-7000-8000-';
    const own = {
      id:
        this.driver === 'postgres'
          ? `('${head}' || lpad(n::text, 12, '0'))::uuid`
          : `printf('${head}%012d', n)`,
      slug: `'${slug}-' || n`,
      url: `replace(t.url, '${slug}', '${slug}-' || n)`,
    };
    await this.copy(Tenant, `t.id = '${id}'`, count, own);
    await this.copy(Placement, `t.tenant_id = '${id}'`, count, { tenant_id: own.id });
    await this.plane.change(TenantPlane, { id: planeId }, { placed: count + 1, capacity: 10 * count });
  }

  private async copy(
    entity: new () => object,
    where: string,
    count: number,
    own: Readonly<Record<string, string>>,
  ): Promise<void> {
    await this.plane.app.get(Database).write((manager) => {
      const { columns, tableName } = manager.connection.getMetadata(entity);
      const names = columns.map(({ databaseName }) => databaseName);
      return manager.query(
        `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${count})
          insert into ${tableName} (${names.join(', ')})
          select ${names.map((name) => own[name] ?? `t.${name}`).join(', ')}
            from numbers, ${tableName} t where ${where}`,
      );
    });
  }

  sql(statement: string, parameters: unknown[] = []): Promise<unknown> {
    return this.plane.app.get(Database).write((manager) => manager.query(statement, parameters));
  }

  async onServer(statement: string, database = 'postgres'): Promise<void> {
    const url = new URL(testServerUrl());
    url.pathname = `/${database}`;
    await asAdmin(url.toString(), (client) => client.query(statement));
  }

  async asRole(url: string, statement: string): Promise<void> {
    await asAdmin(url, (client) => client.query(statement));
  }

  async close(): Promise<void> {
    const rows = await this.plane.rows(LocalPlane);
    await this.scene.plane.close();
    for (const pid of this.running()) sendSignal(pid, 'SIGKILL');
    if (this.driver === 'postgres')
      await dropDedicated(
        testServerUrl(),
        rows.map(({ name }) => name),
      );
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The pids of the planes that a stopped Control Plane has left, also of one that it started last. */
  private running(): readonly number[] {
    const list = join(this.planesFolder, 'processes.json');
    if (!existsSync(list)) return [];
    return (JSON.parse(readFileSync(list, 'utf8')) as { pid: number }[]).map(({ pid }) => pid);
  }

  private async settled(
    { tenant, job }: { tenant: { id: string; slug: string }; job: { id: string } },
    planeId: string,
  ): Promise<Settled> {
    await this.scene.reaches(job.id, 'succeeded');
    return { id: tenant.id, slug: tenant.slug, planeId };
  }

  /** Enrols a simulated plane with the environment of the local process. */
  private async simulated(row: LocalPlane): Promise<PlaneSimulator> {
    const env = this.plane.app.get(LocalPlanes).environmentOf(row);
    const install = {
      token: env['ATLAS_PROVISIONING_TOKEN'] ?? '',
      env,
      token_id: '',
      expires_at: '',
      commands: {},
    };
    const simulated = new PlaneSimulator(this.plane.url, this.plane.clock, row.tenantPlaneId, install);
    expect((await simulated.enrol({ endpoint_url: `http://127.0.0.1:${row.port}` })).status).toBe(200);
    return simulated;
  }
}
