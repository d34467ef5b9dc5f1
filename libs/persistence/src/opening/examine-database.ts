import { constants, accessSync, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PostgresClient } from '../connection/postgres-connection';
import { type DatabaseTarget } from '../connection/database-target';
import { type Schema } from '../connection/data-source';
import { ProcessLock, namedHolder } from '../sqlite/process-lock';
import { sqliteFileProblem } from '../sqlite/sqlite-file';

/**
 * Why a database cannot be used. `unreachable` and `refused` apply to Postgres; `folder`, `file`, `damaged`
 * and `locked` to SQLite.
 */
export type DatabaseFault =
  | 'unreachable'
  | 'refused'
  | 'missing'
  | 'cannot_create'
  | 'not_owner'
  | 'folder'
  | 'file'
  | 'damaged'
  | 'locked';

export interface DatabaseExamination {
  /** A human-readable description of what was found. Never contains a password. */
  readonly detail: string;
  readonly fault?: DatabaseFault;
  readonly isSuperuser?: boolean;
}

const ANSWER_MS = 4000;

/**
 * Checks, without changing anything, whether a plane could connect to the database and migrate it. The role
 * must own any of `tables` that exist.
 */
export function examineDatabase(
  target: DatabaseTarget,
  tables: readonly string[],
  schema: Schema,
): Promise<DatabaseExamination> {
  return target.driver === 'sqlite'
    ? examineSqlite(target.file, schema)
    : examinePostgres(target.url.reveal(), tables);
}

async function examineSqlite(file: string, schema: Schema): Promise<DatabaseExamination> {
  const folder = nearestFolder(dirname(file));
  if (!isWritableFolder(folder))
    return { fault: 'folder', detail: `${folder} is not a folder that this user can write to` };
  if (existsSync(file) && !isUsableFile(file))
    return { fault: 'file', detail: `${file} is not a file that this user can read and write` };
  // The process that uses the file has already checked it.
  if (await ProcessLock.isHeld(file))
    return { fault: 'locked', detail: `${file} is in use by another process${namedHolder(file)}` };
  const problem = await sqliteFileProblem(file, schema);
  if (problem !== undefined) return { fault: 'damaged', detail: problem };
  return { detail: existsSync(file) ? `SQLite: ${file}` : `SQLite: ${file} will be created` };
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearestFolder(dirname(folder));
}

function isWritableFolder(folder: string): boolean {
  return statSync(folder).isDirectory() && mayAccess(folder, constants.W_OK | constants.X_OK);
}

function isUsableFile(file: string): boolean {
  return statSync(file).isFile() && mayAccess(file, constants.R_OK | constants.W_OK);
}

function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

interface Found {
  readonly role: string;
  readonly is_superuser: boolean;
  readonly version: string;
  readonly can_create: boolean;
  readonly foreign_tables: string[] | null;
}

const EXAMINATION = `
  select current_user::text as role, rolsuper as is_superuser, current_setting('server_version') as version,
    has_schema_privilege('public', 'create') as can_create,
    (select array_agg(tablename::text) from pg_tables where schemaname = 'public' and tablename = any($1)
      and not pg_has_role(current_user, tableowner, 'usage')) as foreign_tables
  from pg_roles where rolname = current_user`;

async function examinePostgres(url: string, tables: readonly string[]): Promise<DatabaseExamination> {
  const client = new PostgresClient({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  try {
    await client.connect();
    const { rows } = await client.query<Found>(EXAMINATION, [tables]);
    return verdictOn(rows[0]);
  } catch (error) {
    return { fault: faultOf(error), detail: reasonOf(error) };
  } finally {
    await client.end().catch(() => undefined);
  }
}

function verdictOn(found: Found | undefined): DatabaseExamination {
  if (!found) return { fault: 'refused', detail: 'The server does not report the current role' };
  const { role, is_superuser: isSuperuser, version } = found;
  if (!found.can_create)
    return {
      isSuperuser,
      fault: 'cannot_create',
      detail: `"${role}" may not create tables in schema public`,
    };
  if (found.foreign_tables)
    return {
      isSuperuser,
      fault: 'not_owner',
      detail: `"${role}" does not own ${found.foreign_tables.join(', ')}`,
    };
  const kind = isSuperuser
    ? 'a superuser, which has more privileges than needed'
    : 'a plain role, which is enough';
  return { isSuperuser, detail: `Postgres ${version} as "${role}": ${kind}` };
}

/**
 * Codes from https://www.postgresql.org/docs/current/errcodes-appendix.html. An error without a code occurred
 * before the server was reached.
 */
function faultOf(error: unknown): DatabaseFault {
  const { code = '' } = error as { code?: string };
  if (code === '3D000') return 'missing';
  return /^[0-9A-Z]{5}$/.test(code) ? 'refused' : 'unreachable';
}

/** If a host has several addresses and all fail, Node throws one error without a message of its own. */
function reasonOf(error: unknown): string {
  const { message, errors } = error as Error & { errors?: Error[] };
  return message || (errors ?? []).map((one) => one.message).join('; ') || 'no reason given';
}
