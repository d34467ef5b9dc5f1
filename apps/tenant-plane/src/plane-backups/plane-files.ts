import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { environmentVariablesOf } from '@atlas/platform';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { type AddedFile } from './backup-archive';
import { type BackedUpPath } from './backup-manifest';
import { BackupRefused } from './backup-refused';

export const ENV_FILE = 'atlas-tp.env';
/** Where a restore puts files from outside the plane's folder. */
const ELSEWHERE = 'elsewhere';
/** Where a restore puts a SQLite database. */
export const SQLITE_PLACE = 'data/tenant-plane.db';
/** The folders for certificates, as the guides name them, below the plane's folder and its data folder. */
const CERTIFICATES = ['tls', 'ca'];
/** What follows the name of a SQLite database in the names of the files that belong to it. */
const OF_DATABASE = /^(\.backup|\.new)?(-wal|-shm|-journal|\.lock(\.pid)?)?$/;
const MAX_FILE = 16 * 1024 * 1024;

interface PlaneFile extends BackedUpPath {
  readonly content: Buffer;
}

export interface PlaneFolder {
  /** The env file; without one, the variables that are set are written as one. */
  readonly envFile?: string;
  /** Other files and folders, such as a proxy's certificates or the folder of an agent on this machine. */
  readonly include: readonly string[];
  /** The SQLite database, which is backed up separately and is left out of included folders. */
  readonly databaseFile?: string;
}

/** What the plane needs besides its database: its secrets, its settings and its certificates. */
export function planeFiles(
  { envFile, include, databaseFile }: PlaneFolder,
  env: NodeJS.ProcessEnv,
): PlaneFile[] {
  // A plane resolves the relative paths in its variables in the folder that it is started in.
  const folders = [...(envFile === undefined ? [] : [dirname(resolve(envFile))]), process.cwd()];
  const dataFolders = [
    ...folders.map((folder) => join(folder, 'data')),
    ...(databaseFile === undefined ? [] : [dirname(resolve(databaseFile))]),
  ];
  const { NODE_EXTRA_CA_CERTS: authority } = env;
  const wanted = [
    ...dataFolders.flatMap((data) => CERTIFICATES.map((path) => join(data, path))).filter(isThere),
    ...[...(authority ? [authority] : []), ...include].map((path) => resolve(path)),
  ];
  const paths = [...new Set(wanted.flatMap(filesBelow))];
  const found = placed(folders, databaseFile ? withoutDatabase(paths, resolve(databaseFile)) : paths).map(
    ([path, place]) => ({ path: place, ...contentAt(path) }),
  );
  const settings =
    envFile === undefined
      ? { content: Buffer.from(variablesText(env)), mode: 0o600 }
      : contentAt(resolve(envFile));
  return [{ path: ENV_FILE, ...settings }, ...found.filter(({ path }) => path !== ENV_FILE)].map(
    (file, index) => ({ name: `files/${index + 1}`, ...file }),
  );
}

export function* asAdded(files: readonly PlaneFile[]): Generator<AddedFile> {
  for (const { name, content } of files) yield { name, size: content.length, content: [content] };
}

/** The env file with other values of some variables, and without those that are null. */
export function withVariables(text: string, values: Readonly<Record<string, string | null>>): string {
  const isReplaced = (line: string): boolean => {
    const name = /^\s*(?:export\s+)?(\w+)\s*=/.exec(line)?.[1];
    return name !== undefined && name in values;
  };
  const kept = text.split(/\r?\n/).filter((line) => !isReplaced(line));
  while (kept.at(-1) === '') kept.pop();
  const set = Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
  return `${[...kept, ...set].join('\n')}\n`;
}

function variablesText(env: NodeJS.ProcessEnv): string {
  const names = environmentVariablesOf(TenantPlaneConfig).filter((name) => env[name] !== undefined);
  return names.map((name) => `${name}=${env[name]}\n`).join('');
}

/** Each path with the place that a restore puts it in. No two files get the same place. */
function placed(folders: readonly string[], paths: readonly string[]): [string, string][] {
  const places = new Map<string, string>();
  for (const path of paths) {
    const inside = folders.map((folder) => relative(folder, path)).find(isInside);
    const isFree = inside !== undefined && !places.has(inside) && !belongsTo(SQLITE_PLACE, inside);
    places.set(isFree ? inside : join(ELSEWHERE, path), path);
  }
  return [...places].map(([place, path]) => [path, place]);
}

function isInside(path: string): boolean {
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`);
}

/** A second copy of the database may be of another moment, and would be restored to the same place. */
function withoutDatabase(paths: readonly string[], databaseFile: string): string[] {
  const named = [databaseFile, ...(isThere(databaseFile) ? [realpathSync(databaseFile)] : [])];
  return paths.filter((path) => !named.some((file) => belongsTo(file, path)));
}

function belongsTo(databaseFile: string, path: string): boolean {
  return path.startsWith(databaseFile) && OF_DATABASE.test(path.slice(databaseFile.length));
}

function filesBelow(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new BackupRefused(`${path} does not exist, so it cannot be backed up.`);
  if (found.isFile()) return [path];
  if (!found.isDirectory()) return [];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}

function contentAt(path: string): Pick<PlaneFile, 'content' | 'mode'> {
  const { size, mode } = statSync(path);
  if (size > MAX_FILE)
    throw new BackupRefused(`${basename(path)} has more than 16 MiB, and is not a settings file.`);
  return { content: readFileSync(path), mode: mode & 0o777 };
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
