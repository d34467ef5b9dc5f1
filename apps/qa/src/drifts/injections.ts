import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type DatabaseDriver, type TenantView } from '@atlas/testing';
import { type DriftScene, copyPlane, copyRow, later, localPlaneOf, onServer } from './drift-scene';

/** Creates one drift for one tenant by hand. */
export interface Injection {
  readonly kind: string;
  /** The deployment model that the tenant must have. */
  readonly to: 'shared' | 'dedicated';
  readonly on?: DatabaseDriver;
  /** Creates the drift, and returns the id of the subject for which the drift must be found. */
  readonly make: (scene: DriftScene, tenant: TenantView) => Promise<string>;
}

const LONG_MS = 3_600_000;

/** Every kind of drift, in every way in which it can arise. */
export const INJECTIONS: readonly Injection[] = [
  {
    kind: 'tenant_without_home',
    to: 'shared',
    make: async ({ rows }, { id, tenant_plane_id: plane }) => {
      await rows.query('delete from placements where tenant_id = $1', [id]);
      await rows.query('update tenant_planes set placed = placed - 1 where id = $1', [plane]);
      return id;
    },
  },
  {
    kind: 'home_retired',
    to: 'shared',
    make: async (scene, { id, tenant_plane_id: plane }) => {
      const { rows } = scene;
      const retired = await copyPlane(scene, plane ?? '', { status: 'retired' });
      await rows.query('update placements set tenant_plane_id = $1 where tenant_id = $2', [retired, id]);
      await rows.query('update tenant_planes set placed = placed - 1 where id = $1', [plane]);
      return id;
    },
  },
  {
    kind: 'copy_missing',
    to: 'shared',
    make: (scene, tenant) =>
      changePlacement(scene, tenant, `restored_from = '${randomUUID()}', imported_by = '${randomUUID()}'`),
  },
  {
    kind: 'move_abandoned',
    to: 'shared',
    make: async (scene, { id, tenant_plane_id: plane }) => {
      const target = await copyPlane(scene, plane ?? '', { capacity: 1, placed: 1 });
      const where: [string, unknown][] = [['tenant_id', id]];
      await copyRow(scene, { table: 'placements', where }, { tenant_plane_id: target, phase: 'importing' });
      return id;
    },
  },
  {
    kind: 'job_missing',
    to: 'shared',
    make: (scene, tenant) => changeTenant(scene, tenant, `status = 'provisioning'`),
  },
  {
    kind: 'address_differs',
    to: 'shared',
    make: (scene, tenant) => changeTenant(scene, tenant, `endpoint_url = 'http://127.0.0.1:1'`),
  },
  {
    kind: 'address_differs',
    to: 'dedicated',
    make: (scene, tenant) => changeTenant(scene, tenant, 'db_url_sealed = null'),
  },
  {
    kind: 'entry_unpublished',
    to: 'shared',
    make: (scene, tenant) => changePlacement(scene, tenant, 'entry_revision = 0'),
  },
  {
    kind: 'entry_unapplied',
    to: 'shared',
    make: (scene, tenant) => changePlacement(scene, tenant, 'reported_revision = 0'),
  },
  {
    kind: 'count_differs',
    to: 'shared',
    make: async ({ rows }, { tenant_plane_id: plane }) => {
      await rows.query('update tenant_planes set placed = placed + 3 where id = $1', [plane]);
      return plane ?? '';
    },
  },
  {
    kind: 'job_unattended',
    to: 'shared',
    make: async (scene, { id: tenantId }) => {
      const id = randomUUID();
      const where: [string, unknown][] = [['tenant_id', tenantId]];
      const lost = { status: 'queued', due_at: later(scene.driver, LONG_MS), steps: '[]', finished_at: null };
      await copyRow(scene, { table: 'provisioning_jobs', where }, { id, operation: 'suspend', ...lost });
      return id;
    },
  },
  {
    kind: 'plane_behind',
    to: 'shared',
    make: (scene, { tenant_plane_id: plane }) =>
      copyPlane(scene, plane ?? '', {
        capacity: 0,
        revision: 5,
        applied_revision: 'epoch.3',
        revised_at: later(scene.driver, -LONG_MS),
      }),
  },
  {
    kind: 'plane_failing',
    to: 'shared',
    make: (scene, { tenant_plane_id: plane }) =>
      copyPlane(scene, plane ?? '', { capacity: 0, health_status: 'failing' }),
  },
  {
    kind: 'plane_address_differs',
    to: 'shared',
    make: (scene, { tenant_plane_id: plane }) =>
      copyPlane(scene, plane ?? '', { capacity: 0, reported_endpoint_url: 'http://127.0.0.1:1' }),
  },
  {
    kind: 'plane_left_over',
    to: 'dedicated',
    make: async (scene, tenant) => {
      await changeTenant(scene, tenant, `status = 'deleted'`);
      return tenant.tenant_plane_id ?? '';
    },
  },
  {
    kind: 'pool_short',
    to: 'dedicated',
    make: async (scene, { id, tenant_plane_id: home }) => {
      const pooled = { status: 'expected', pool_state: 'pooled', accepts_tenants: false };
      const plane = await copyPlane(scene, home ?? '', pooled);
      const about = { id: randomUUID(), tenant_id: null, tenant_plane_id: plane };
      const failed = { ...about, operation: 'warm', status: 'failed' };
      await copyRow(scene, { table: 'provisioning_jobs', where: [['tenant_id', id]] }, failed);
      return 'dedicated';
    },
  },
  {
    kind: 'driver_record_missing',
    to: 'dedicated',
    make: async (scene, tenant) => {
      const { pid } = await localPlaneOf(scene, tenant);
      await scene.rows.query('delete from local_planes where tenant_plane_id = $1', [tenant.tenant_plane_id]);
      process.kill(pid, 'SIGKILL');
      return tenant.tenant_plane_id ?? '';
    },
  },
  {
    kind: 'database_missing',
    to: 'dedicated',
    make: async (scene, tenant) => {
      const { name } = await localPlaneOf(scene, tenant);
      const file = join(scene.folder, name, 'tenant-plane.db');
      if (scene.driver === 'sqlite') renameSync(file, `${file}.away`);
      else
        await onServer(
          `alter database ${name} allow_connections false`,
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
          `alter database ${name} rename to lost_${name}`,
        );
      return tenant.tenant_plane_id ?? '';
    },
  },
  {
    kind: 'role_missing',
    to: 'dedicated',
    on: 'postgres',
    make: async (scene, tenant) => {
      await onServer(`alter role ${(await localPlaneOf(scene, tenant)).name} nologin`);
      return tenant.tenant_plane_id ?? '';
    },
  },
  {
    kind: 'process_missing',
    to: 'dedicated',
    make: async ({ rows }, { tenant_plane_id: plane }) => {
      await rows.query('update local_planes set is_wanted = false where tenant_plane_id = $1', [plane]);
      return plane ?? '';
    },
  },
  {
    kind: 'infrastructure_record_differs',
    to: 'dedicated',
    make: async (scene, tenant) => {
      await changeTenant(scene, tenant, `endpoint_url = 'http://127.0.0.1:1'`);
      await changePlane(scene, tenant, `endpoint_url = 'http://127.0.0.1:1'`);
      return tenant.tenant_plane_id ?? '';
    },
  },
  {
    kind: 'state_missing',
    to: 'dedicated',
    make: async (scene, tenant) => {
      await changePlane(scene, tenant, `infrastructure_driver = 'terraform'`);
      return tenant.tenant_plane_id ?? '';
    },
  },
  {
    kind: 'infrastructure_orphaned',
    to: 'shared',
    make: async ({ folder }, { slug, id }) => {
      const orphan = join(folder, nobodys(slug, id));
      mkdirSync(orphan);
      return `folder ${orphan}`;
    },
  },
  {
    kind: 'infrastructure_orphaned',
    to: 'dedicated',
    make: async (scene, tenant) => {
      const cwd = join(scene.folder, (await localPlaneOf(scene, tenant)).name);
      const stray = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 300_000)'], { cwd });
      stray.unref();
      return `process ${stray.pid} in ${cwd}`;
    },
  },
  {
    kind: 'infrastructure_orphaned',
    to: 'shared',
    on: 'postgres',
    make: async (_, { slug, id }) => {
      await onServer(`create database ${nobodys(slug, id)}`);
      return `database ${nobodys(slug, id)}`;
    },
  },
];

function nobodys(slug: string, id: string): string {
  return `atlas_${slug.replaceAll('-', '_')}_${id.slice(-8)}`;
}

async function changeTenant({ rows }: DriftScene, { id }: TenantView, change: string): Promise<string> {
  await rows.query(`update tenants set ${change} where id = $1`, [id]);
  return id;
}

async function changePlacement({ rows }: DriftScene, { id }: TenantView, change: string): Promise<string> {
  await rows.query(`update placements set ${change} where tenant_id = $1`, [id]);
  return id;
}

async function changePlane(
  { rows }: DriftScene,
  { tenant_plane_id: id }: TenantView,
  change: string,
): Promise<void> {
  await rows.query(`update tenant_planes set ${change} where id = $1`, [id]);
}
