import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join, resolve, sep } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import { createDataSource, databaseTarget, migrate, writeLogBack } from '@atlas/persistence';
import { TENANT_PLANE_SCHEMA } from '../schema/tenant-plane-schema';
import { type Connection } from './back-up';
import { type ReadFile, readBackup } from './backup-archive';
import { type BackupOpener } from './backup-cipher';
import { type BackupManifest, CONNECTION, DATABASE_FILE, ROWS } from './backup-manifest';
import { BackupRefused } from './backup-refused';
import { explainingNoSpace } from './no-space';
import { ENV_FILE, SQLITE_PLACE, withVariables } from './plane-files';
import { restorePostgres, tableOf } from './postgres-restore';
import { renew } from './restored-identity';
import { withReader } from './sqlite-copy';
import { withUnfinished } from './unfinished';
import { requireContents } from './verify-backup';

export interface RestoreOrder {
  readonly file: string;
  readonly opener: BackupOpener;
  /** The plane's new folder, which must be empty or missing. */
  readonly folder: string;
  /** On Postgres, the new database, which must be empty. The one that was backed up if omitted. */
  readonly connection?: Connection;
}

export interface Restored {
  readonly manifest: BackupManifest;
  /** The new incarnation, or null if an earlier attempt had restored the database. */
  readonly incarnation: string | null;
}

/**
 * Brings a plane back: verifies all of the backup first, then restores it beside the folder, and renames it
 * last. So a restore that fails or is killed leaves neither a folder nor a database that looks restored.
 * Throws {@link BackupRefused}.
 */
export function restoreBackup(order: RestoreOrder): Promise<Restored> {
  const advice =
    'Nothing was restored. Free space for the new folder and the database, and run the restore again.';
  return explainingNoSpace(advice, () => restored(order));
}

async function restored(order: RestoreOrder): Promise<Restored> {
  const folder = resolve(order.folder);
  requireEmpty(folder);
  const manifest = await readBackup(order.file, order.opener, () => Promise.resolve());
  requireKnown(manifest);
  const draft = `${folder}.restoring-${randomBytes(4).toString('hex')}`;
  return withUnfinished([draft], async () => {
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    const incarnation =
      manifest.database.driver === 'sqlite'
        ? await restoreSqlite(order, manifest, draft)
        : await restoreOnPostgres(order, manifest, draft);
    putInPlace(draft, folder);
    return { manifest, incarnation };
  });
}

async function restoreSqlite(order: RestoreOrder, manifest: BackupManifest, draft: string): Promise<string> {
  if (order.connection)
    throw new BackupRefused('This is the backup of a SQLite database, so it cannot be restored to Postgres.');
  const file = join(draft, SQLITE_PLACE);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  await unpack(order, manifest, draft, ({ content }) =>
    pipeline(content, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true })),
  );
  await withReader(file, (run) => requireContents(run, manifest));
  await migrate({ driver: 'sqlite', file }, TENANT_PLANE_SCHEMA);
  const dataSource = await createDataSource({ driver: 'sqlite', file }, TENANT_PLANE_SCHEMA).initialize();
  const incarnation = await renew(dataSource.manager, manifest).finally(() => dataSource.destroy());
  await writeLogBack(file);
  setVariables(draft, { TENANT_PLANE_DATABASE_URL: SQLITE_PLACE });
  return incarnation;
}

async function restoreOnPostgres(
  order: RestoreOrder,
  manifest: BackupManifest,
  draft: string,
): Promise<string | null> {
  const connection = order.connection ?? (await connectionIn(order));
  const { url, ownerUrl } = connection;
  if (databaseTarget(url).driver !== 'postgres')
    throw new BackupRefused('This is the backup of a Postgres database, so it needs a postgres:// URL.');
  const incarnation = await restorePostgres(ownerUrl ?? url, manifest, (load) =>
    unpack(order, manifest, draft, ({ name, content }) => load(tableOf(name), content)),
  );
  // The folder of an attempt that had restored the database, but not the folder.
  if (incarnation === null) await unpack(order, manifest, draft, () => Promise.resolve());
  setVariables(draft, {
    TENANT_PLANE_DATABASE_URL: url,
    // Otherwise, the restored plane would migrate the database that was backed up.
    TENANT_PLANE_MIGRATION_DATABASE_URL: ownerUrl ?? null,
  });
  return incarnation;
}

/** Reads the archive again, which must still be the one that was verified. */
async function unpack(
  { file, opener }: RestoreOrder,
  verified: BackupManifest,
  draft: string,
  toDatabase: (read: ReadFile) => Promise<void>,
): Promise<void> {
  const places = new Map(verified.folder.map((one) => [one.name, one]));
  const read = await readBackup(file, opener, async ({ name, content }) => {
    if (name === DATABASE_FILE || name.startsWith(ROWS)) return toDatabase({ name, content });
    const place = places.get(name);
    if (!place) return;
    const path = insideOf(draft, place.path);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
    chmodSync(path, place.mode & 0o777);
  });
  if (!isDeepStrictEqual(read, verified)) throw new BackupRefused(`${file} has changed. Try again.`);
}

async function connectionIn({ file, opener }: RestoreOrder): Promise<Connection> {
  let connection: Connection | undefined;
  await readBackup(file, opener, async ({ name, content }) => {
    if (name === CONNECTION) connection = JSON.parse(await textOf(content)) as Connection;
  });
  if (!connection) throw new BackupRefused('The backup does not say which database it was made of.');
  return connection;
}

function setVariables(draft: string, values: Readonly<Record<string, string | null>>): void {
  const path = join(draft, ENV_FILE);
  const text = withVariables(readFileSync(path, 'utf8'), values);
  rmSync(path);
  // Only its owner may read it, whatever the original allowed.
  writeFileSync(path, text, { flag: 'wx', mode: 0o600, flush: true });
}

function requireKnown({ database, version }: BackupManifest): void {
  const known = (TENANT_PLANE_SCHEMA.migrations as { name: string }[]).map(({ name }) => name);
  const newer = database.migrations.find((name) => !known.includes(name));
  if (newer === undefined) return;
  throw new BackupRefused(
    `The backup was made by version ${version}, which is newer than this one. Restore it with that version ` +
      'or a newer one.',
  );
}

function requireEmpty(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  throw new BackupRefused(`${folder} is not empty. Restore into a new folder.`);
}

/** A folder that has become non-empty meanwhile is never replaced. */
function putInPlace(draft: string, folder: string): void {
  try {
    renameSync(draft, folder);
  } catch (error) {
    requireEmpty(folder);
    throw error;
  }
}

/** An archive that someone else made must not write outside the folder. */
function insideOf(folder: string, path: string): string {
  const place = resolve(folder, path);
  if (!place.startsWith(`${folder}${sep}`))
    throw new BackupRefused('The backup names a file outside its folder.');
  return place;
}
