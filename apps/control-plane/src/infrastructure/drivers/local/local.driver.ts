import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StepFailure } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { Secret } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ControlPlaneConfig } from '../../../config/control-plane.config';
import {
  type FencedWrite,
  type FoundThing,
  type Infrastructure,
  InfrastructureDriver,
  type InfrastructurePart,
  type InfrastructureRequest,
  type InfrastructureSubject,
  type InspectedInfrastructure,
} from '../infrastructure-driver';
import { infrastructureName } from '../infrastructure-name';
import { LocalInspection, TOO_MANY_FAILURES } from './local-inspection';
import { folderOf } from './local-names';
import { LocalPlane } from './local-plane.entity';
import { LocalPlanes } from './local-planes';
import { LocalPostgres } from './local-postgres';
import { planeProcesses } from './local-processes';

const END_MS = 15_000;
const POLL_MS = 50;

/** Creates databases and tenant planes on this machine, for development and CI. */
@Injectable()
export class LocalDriver extends InfrastructureDriver {
  readonly name = 'local';

  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly database: Database,
    private readonly planes: LocalPlanes,
    private readonly inspection: LocalInspection,
  ) {
    super();
  }

  async plan(subject: InfrastructureSubject): Promise<readonly string[]> {
    const name = infrastructureName(subject);
    const database =
      subject.database === 'postgres'
        ? `Postgres database and role ${name} on the shared server at LOCAL_DRIVER_POSTGRES_URL ` +
          '(development and CI only)'
        : `SQLite file in ${folderOf(this.root, name)} (development and CI only)`;
    return [database, 'Tenant plane process on this machine'];
  }

  async create(request: InfrastructureRequest, write: FencedWrite): Promise<Infrastructure> {
    const name = infrastructureName(request);
    this.requireBuild(request);
    const known = await this.find(request);
    const port = known?.port ?? (await freePort());
    const password = randomBytes(24).toString('base64url');
    // Recorded before anything is created, so that a retry after a crash uses the same values.
    const dbUrl = known ? this.planes.databaseUrlOf(known) : this.newDatabaseUrl(request, name, password);
    const env = { ...(await request.openEnvironment()), TENANT_PLANE_DATABASE_URL: dbUrl.reveal() };
    await write((manager) => this.planes.reserve(manager, request, { name, port, env }));
    if (request.database === 'postgres') {
      const known = decodeURIComponent(new URL(dbUrl.reveal()).password);
      await this.postgres(request).ensure(name, known, () => holdLease(write));
    }
    await write((manager) => this.planes.want(manager, request.tenantPlaneId));
    return { endpointUrl: `http://127.0.0.1:${port}`, dbUrl };
  }

  async destroy(subject: InfrastructureSubject, write: FencedWrite): Promise<void> {
    const { tenantPlaneId } = subject;
    const name = infrastructureName(subject);
    await write((manager) => this.planes.unwant(manager, tenantPlaneId));
    await this.ended(subject);
    const plane = await this.find(subject);
    if (plane?.database === 'postgres') await this.postgres(subject).drop(name, () => holdLease(write));
    await write((manager) => manager.delete(LocalPlane, { tenantPlaneId }));
    // While the row existed, the supervisor may have started the plane and created the folder. It ends a
    // process that it could not record.
    await this.ended(subject);
    await rm(folderOf(this.root, name), { recursive: true, force: true });
  }

  /** Checked before anything changes, so that a running plane keeps running. */
  private requireBuild({ version }: InfrastructureSubject): void {
    const app = this.config.tenantPlaneApp(version);
    if (existsSync(join(app, 'main.js'))) return;
    const detail = `No build of the Tenant Plane ${version} found in ${app} (LOCAL_DRIVER_TENANT_PLANE).`;
    const fix = 'Atlas on-call: put the build there, then retry the job.';
    throw new StepFailure('operator', 'release_missing', detail, fix);
  }

  override inspect(subjects: readonly InfrastructureSubject[]): Promise<readonly InspectedInfrastructure[]> {
    return this.inspection.inspect(subjects);
  }

  override things(): AsyncIterable<readonly FoundThing[]> {
    return this.inspection.things();
  }

  override async mend(
    manager: EntityManager,
    subject: InfrastructureSubject,
    part: InfrastructurePart,
  ): Promise<boolean> {
    const { tenantPlaneId } = subject;
    const plane = await manager.findOneBy(LocalPlane, { tenantPlaneId });
    // Restarting a process that keeps failing would not help.
    if (part === 'process' && plane && plane.failures < TOO_MANY_FAILURES) {
      await this.planes.want(manager, tenantPlaneId);
      return true;
    }
    if (part !== 'role' || !plane) return false;
    const { password } = new URL(this.planes.databaseUrlOf(plane).reveal());
    return this.postgres(subject).restoreRole(plane.name, decodeURIComponent(password));
  }

  private newDatabaseUrl(request: InfrastructureRequest, name: string, password: string): Secret {
    const url =
      request.database === 'postgres'
        ? this.postgres(request).urlFor(name, password)
        : join(folderOf(this.root, name), 'tenant-plane.db');
    return new Secret(url);
  }

  /** The shared server or, if the URL contains `{slug}`, the tenant's own server. */
  private postgres({ slug, version }: InfrastructureSubject): LocalPostgres {
    const url = this.config.LOCAL_DRIVER_POSTGRES_URL?.reveal();
    if (url === undefined) {
      const fix =
        'Atlas on-call: set the variable on the Control Plane, restart the Control Plane, then retry the ' +
        'job. Or roll the job back and provision the tenant with {"database": {"driver": "sqlite"}}.';
      const detail = 'LOCAL_DRIVER_POSTGRES_URL is not set.';
      throw new StepFailure('operator', 'postgres_not_configured', detail, fix);
    }
    return new LocalPostgres(url.replaceAll('{slug}', slug), this.config.tenantPlaneApp(version));
  }

  /** Waits until the supervisor, perhaps in another process, has stopped all processes of the plane. */
  private async ended(subject: InfrastructureSubject): Promise<void> {
    for (let waited = 0; waited < END_MS; waited += POLL_MS) {
      if ((await this.running(subject)).length === 0) return;
      await delay(POLL_MS);
    }
    const pids = (await this.running(subject)).join(', ');
    const detail = `The tenant plane did not exit in time (process ${pids}).`;
    throw new StepFailure('retry', 'plane_still_running', detail);
  }

  private async running(subject: InfrastructureSubject): Promise<readonly number[]> {
    const recorded = (await this.find(subject))?.pid ?? null;
    return recorded === null ? planeProcesses(this.root, infrastructureName(subject)) : [recorded];
  }

  private find({ tenantPlaneId }: InfrastructureSubject): Promise<LocalPlane | null> {
    return this.database.read((manager) => manager.findOneBy(LocalPlane, { tenantPlaneId }));
  }

  private get root(): string {
    return resolve(this.config.LOCAL_DRIVER_DIR);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** Throws unless this worker still holds the job's lease. */
function holdLease(write: FencedWrite): Promise<void> {
  return write(() => Promise.resolve());
}
