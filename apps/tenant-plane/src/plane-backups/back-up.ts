import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { type DatabaseTarget, type SqliteTarget } from '@atlas/persistence';
import { revealed } from '@atlas/platform';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { databaseOptions } from '../schema/database-options';
import { type AddedFile, type Sums, requireAbsent, writeBackup } from './backup-archive';
import { type BackupKey, requireUsable } from './backup-cipher';
import {
  BACKUP_FORMAT,
  type BackedUpDatabase,
  type BackupManifest,
  CONNECTION,
  DATABASE_FILE,
} from './backup-manifest';
import { BackupRefused } from './backup-refused';
import { explainingNoSpace } from './no-space';
import { type PlaneFolder, asAdded, planeFiles } from './plane-files';
import { PostgresCopy } from './postgres-copy';
import { contentsOf, withReader, withSqliteCopy } from './sqlite-copy';

export interface BackupOrder {
  /** The archive, which must not exist yet. */
  readonly file: string;
  readonly key: BackupKey;
  readonly folder: PlaneFolder;
}

/** The URLs of a Postgres database, as the plane's variables have them. */
export interface Connection {
  readonly url: string;
  /** The owner's, if the plane's role owns nothing. */
  readonly ownerUrl?: string;
}

/** Columns of the plane's identity, as either database returns them. */
interface IdentityRow {
  readonly tenant_plane_id: string | null;
  readonly instance_id: string;
  readonly deployment_model: string | null;
  readonly incarnation?: string | null;
  readonly latest_time: string | Date | null;
}

const IDENTITY = 'select * from plane_identity where id = 1';

/**
 * Writes all that a plane consists of into one encrypted file. The plane may be running. Throws
 * {@link BackupRefused}; a backup that failed leaves no file under its name.
 */
export async function backUp(
  config: TenantPlaneConfig,
  env: NodeJS.ProcessEnv,
  order: BackupOrder,
): Promise<BackupManifest> {
  requireAbsent(order.file);
  requireUsable(order.key);
  const target: DatabaseTarget = databaseOptions(config).target;
  const advice =
    'There is no backup. Free space for it and, on SQLite, for a second copy of the database beside it.';
  return explainingNoSpace(advice, () =>
    target.driver === 'sqlite' ? backUpSqlite(target, env, order) : backUpPostgres(config, env, order),
  );
}

async function backUpSqlite(
  { file }: SqliteTarget,
  env: NodeJS.ProcessEnv,
  { file: archive, key, folder }: BackupOrder,
): Promise<BackupManifest> {
  if (!existsSync(file)) throw nothingThere();
  return withSqliteCopy(file, async (copy) => {
    const [database, [identity]] = await withReader(copy, async (run) => {
      return [await contentsOf(run), await run<IdentityRow>(IDENTITY)] as const;
    });
    const settings = planeFiles({ ...folder, databaseFile: file }, env);
    async function* files(): AsyncGenerator<AddedFile> {
      yield* asAdded(settings);
      const content = createReadStream(copy) as AsyncIterable<Buffer>;
      yield { name: DATABASE_FILE, size: statSync(copy).size, content };
    }
    return writeBackup(archive, key, files(), (sums) => manifestOf(identity, database, settings, sums));
  });
}

async function backUpPostgres(
  config: TenantPlaneConfig,
  env: NodeJS.ProcessEnv,
  { file: archive, key, folder }: BackupOrder,
): Promise<BackupManifest> {
  const { TENANT_PLANE_DATABASE_URL: url, TENANT_PLANE_MIGRATION_DATABASE_URL: owner } = config;
  return PostgresCopy.with(owner ?? url, async (copy) => {
    const identity = await copy.row<IdentityRow>(IDENTITY);
    const settings = planeFiles(folder, env);
    const connection: Connection = { url: revealed(url), ...(owner && { ownerUrl: revealed(owner) }) };
    const text = Buffer.from(JSON.stringify(connection));
    async function* files(): AsyncGenerator<AddedFile> {
      yield* asAdded(settings);
      yield { name: CONNECTION, size: text.length, content: [text] };
      yield* copy.files();
    }
    return writeBackup(archive, key, files(), (sums) => {
      const database = copy.contents((table) => sums.rowsOf(table));
      return manifestOf(identity, database, settings, sums);
    });
  });
}

function manifestOf(
  identity: IdentityRow | undefined,
  database: BackedUpDatabase,
  settings: ReturnType<typeof planeFiles>,
  sums: Sums,
): BackupManifest {
  if (!identity) throw nothingThere();
  const latest = timeOf(identity.latest_time);
  return {
    format: BACKUP_FORMAT,
    id: randomUUID(),
    created_at: new Date(Math.max(Date.now(), latest)).toISOString(),
    version: TENANT_PLANE_VERSION,
    tenant_plane_id: identity.tenant_plane_id,
    instance_id: identity.instance_id,
    incarnation: identity.incarnation ?? null,
    deployment_model: identity.deployment_model,
    database,
    files: sums.files(),
    folder: settings.map(({ name, path, mode }) => ({ name, path, mode })),
  };
}

/** SQLite stores times as text in UTC, without saying so. */
function timeOf(stored: string | Date | null): number {
  if (stored === null) return 0;
  return typeof stored === 'string' ? new Date(`${stored.replace(' ', 'T')}Z`).getTime() : stored.getTime();
}

function nothingThere(): BackupRefused {
  return new BackupRefused(
    'No tenant plane was ever started on this database, so there is nothing to back up. Check ' +
      'TENANT_PLANE_DATABASE_URL.',
  );
}
