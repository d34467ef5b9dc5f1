import { Client } from 'pg';

// Jest's global setup loads this file and cannot resolve workspace libraries, so the file imports none.
export const OWNER_ROLE = 'atlas_owner';
export const APP_ROLE = 'atlas_app';
export const ROLE_PASSWORD = 'local-only';

/** Creates the two roles once per server. */
export async function createRoles(adminUrl: string): Promise<void> {
  await asAdmin(adminUrl, async (client) => {
    for (const role of [OWNER_ROLE, APP_ROLE]) {
      const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
      if (!rowCount)
        await client.query(`create role ${role} login nosuperuser nobypassrls password '${ROLE_PASSWORD}'`);
    }
  });
}

export async function asAdmin<T>(adminUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
