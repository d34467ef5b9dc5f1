import { asAdmin } from '@atlas/testing';
import { type Client } from 'pg';
import { CONTROL_PLANE_OWNER, TENANT_PLANE_APP, TENANT_PLANE_OWNER } from './postgres-roles';
import { type PostgresPasswords } from './stack-state';

/** Creates the roles and databases of both planes unless they exist. */
export function preparePostgres(adminUrl: string, passwords: PostgresPasswords): Promise<void> {
  return asAdmin(adminUrl, async (client) => {
    // Otherwise, if a statement failed, the server would log it with the password.
    await client.query('set log_min_error_statement = panic');
    await ensureRole(client, CONTROL_PLANE_OWNER, passwords.controlPlane);
    await ensureRole(client, TENANT_PLANE_OWNER, passwords.tenantPlaneOwner);
    await ensureRole(client, TENANT_PLANE_APP, passwords.tenantPlaneApp);
    await ensureDatabase(client, 'control_plane', CONTROL_PLANE_OWNER);
    await ensureDatabase(client, 'tenant_plane', TENANT_PLANE_OWNER);
  });
}

async function ensureRole(client: Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
  const verb = rowCount ? 'alter' : 'create';
  await client.query(
    `${verb} role ${role} login nosuperuser nobypassrls password ${client.escapeLiteral(password)}`,
  );
}

async function ensureDatabase(client: Client, name: string, owner: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
  if (!rowCount) await client.query(`create database ${name} owner ${owner} template template0`);
}
