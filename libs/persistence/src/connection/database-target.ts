import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Secret, type SecretText, revealed } from '@atlas/platform/secret';

export type DatabaseDriver = 'postgres' | 'sqlite';

export interface SqliteTarget {
  readonly driver: 'sqlite';
  readonly file: string;
}

/** Where a plane stores its rows: a Postgres URL, or a SQLite file. */
export type DatabaseTarget = { readonly driver: 'postgres'; readonly url: Secret } | SqliteTarget;

/**
 * What is wrong with a database setting, or null. Never repeats the value, because it may contain a password.
 */
export function databaseTargetProblem(value: string): string | null {
  if (/^postgres(ql)?:\/\//.test(value)) {
    return URL.canParse(value)
      ? null
      : 'is not a valid Postgres URL (postgres://user:password@host:5432/name)';
  }
  const file = value.replace(/^sqlite:(\/\/)?/, '');
  if (/^[a-z][a-z0-9+.-]+:\/\//.test(value) && !value.startsWith('sqlite:')) {
    return 'must be a postgres:// URL, a sqlite: URL or a file path';
  }
  return file.length > 0 && file !== ':memory:'
    ? null
    : 'must name a SQLite file (in-memory databases are lost on restart)';
}

/** Reads a Postgres URL, a `sqlite:` URL or a file path (relative to the working directory). */
export function databaseTarget(setting: SecretText): DatabaseTarget {
  const value = revealed(setting);
  const problem = databaseTargetProblem(value);
  if (problem) throw new Error(`The database setting ${problem}.`);
  if (/^postgres(ql)?:\/\//.test(value)) return { driver: 'postgres', url: new Secret(value) };
  const file = value.replace(/^sqlite:(\/\/)?/, '');
  return { driver: 'sqlite', file: realPath(resolve(file)) };
}

/**
 * Resolves symbolic links, so that a file has one lock and one write-ahead log, no matter which path is used.
 * A file that does not exist yet, or a dangling link, keeps its name.
 */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return dirname(file) === file ? file : join(realFolder(dirname(file)), basename(file));
  }
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
