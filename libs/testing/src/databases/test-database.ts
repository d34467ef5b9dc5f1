import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { APP_ROLE, OWNER_ROLE, ROLE_PASSWORD, asAdmin } from './roles';

export type DatabaseDriver = 'postgres' | 'sqlite';

/** A test's own, empty database. */
export interface TestDatabase {
  readonly driver: DatabaseDriver;
  /** The value of a plane's database variable. On Postgres, the role in the URL owns nothing. */
  readonly url: string;
  /** On Postgres, the URL for the schema's owner: the value of a plane's migration variable. */
  readonly ownerUrl?: string;
  drop(): Promise<void>;
}

/** Both databases, for suites that run on each. */
export const EVERY_DATABASE: readonly DatabaseDriver[] = ['sqlite', 'postgres'];

export function createTestDatabase(driver: DatabaseDriver): Promise<TestDatabase> {
  return driver === 'sqlite' ? Promise.resolve(createSqlite()) : createPostgres(testServerUrl());
}

/** A copy of the database as it is on disk. No process may have the database open. */
export async function copyTestDatabase({ driver, url }: TestDatabase): Promise<TestDatabase> {
  if (driver === 'postgres')
    return createPostgres(testServerUrl(), { template: new URL(url).pathname.slice(1) });
  const copy = createSqlite();
  cpSync(dirname(url), dirname(copy.url), { recursive: true });
  return copy;
}

/** The server started by the run, or the one that TEST_PG_URL names. */
export function testServerUrl(): string {
  const url = process.env['TEST_PG_URL'] ?? process.env['ATLAS_TEST_POSTGRES'];
  if (!url)
    throw new Error(
      'This test has no Postgres server. Run it with Jest, with `postgres: true` in its project.',
    );
  return url;
}

function createSqlite(): TestDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-test-'));
  const url = join(folder, 'test.db');
  const drop = async (): Promise<void> => rmSync(folder, { recursive: true, force: true });
  return { driver: 'sqlite', url, drop };
}

/** Creates a database on the server of `adminUrl`. One role owns it, and planes connect with another role. */
export async function createPostgres(
  adminUrl: string,
  {
    name = `t_${randomBytes(8).toString('hex')}`,
    template = 'template0',
    strategy = 'file_copy' as CloneStrategy,
  } = {},
): Promise<TestDatabase> {
  await asAdmin(adminUrl, async (client) => {
    await client.query(createDatabase(name, template, strategy));
  });
  const url = urlFor(adminUrl, name, APP_ROLE);
  const ownerUrl = urlFor(adminUrl, name, OWNER_ROLE);
  const drop = (): Promise<void> =>
    asAdmin(adminUrl, async (client) => {
      await client.query(`drop database if exists ${name} with (force)`);
    });
  return { driver: 'postgres', url, ownerUrl, drop };
}

/** On a server without fsync, `file_copy` takes half the time of Postgres's default, `wal_log`. */
type CloneStrategy = 'file_copy' | 'wal_log';

export function createDatabase(
  name: string,
  template: string,
  strategy: CloneStrategy = 'file_copy',
): string {
  return `create database ${name} owner ${OWNER_ROLE} template ${template} strategy ${strategy}`;
}

function urlFor(adminUrl: string, database: string, role: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = ROLE_PASSWORD;
  url.pathname = `/${database}`;
  return url.toString();
}
