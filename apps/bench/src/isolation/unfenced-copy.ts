import { randomBytes } from 'node:crypto';
import { type TestDatabase, OWNER_ROLE, asAdmin } from '@atlas/testing';
import { inDatabase, nameOf } from '../database-url';

/**
 * Copies a database and turns row-level security off in the copy. The original must have no connections while
 * it is being copied.
 */
export async function unfencedCopy(adminUrl: string, original: TestDatabase): Promise<TestDatabase> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  const template = nameOf(original.url);
  await asAdmin(adminUrl, (client) =>
    client.query(`create database ${name} owner ${OWNER_ROLE} template ${template} strategy file_copy`),
  );
  await asAdmin(inDatabase(adminUrl, name), async (client) => {
    const { rows } = await client.query<{ relname: string }>(
      'select relname from pg_class where relrowsecurity and relnamespace = current_schema()::regnamespace',
    );
    for (const { relname } of rows)
      await client.query(`alter table ${relname} disable row level security, no force row level security`);
  });
  const drop = async (): Promise<void> => {
    await asAdmin(adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
  };
  const ownerUrl = original.ownerUrl && inDatabase(original.ownerUrl, name);
  return { driver: 'postgres', url: inDatabase(original.url, name), ownerUrl, drop };
}

/** The number of tables in the database with forced row-level security. */
export async function fencedTables(databaseAdminUrl: string): Promise<number> {
  const { rows } = await asAdmin(databaseAdminUrl, (client) =>
    client.query<{ count: number }>('select count(*)::int as count from pg_class where relforcerowsecurity'),
  );
  return rows[0]?.count ?? NaN;
}
