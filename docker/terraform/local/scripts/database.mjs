// Creates or drops a tenant's database and role. Both can be repeated from any half-done state.
import { demandTerraform, given, requireAsPlane } from './requirements.mjs';

const { Client, escapeIdentifier, escapeLiteral } = requireAsPlane('pg');
const name = given('DATABASE_NAME');
const id = escapeIdentifier(name);

const actions = { create, drop };
const action = actions[process.argv[2]];
if (!action) throw new Error('Pass create or drop.');

const admin = new Client({ connectionString: given('ADMIN_URL'), connectionTimeoutMillis: 10_000 });
await admin.connect();
try {
  // One script at a time, since a script whose Terraform was killed may still be running.
  await admin.query('select pg_advisory_lock(hashtext($1))', [name]);
  demandTerraform();
  await action();
} finally {
  await admin.end();
}

async function create() {
  const password = escapeLiteral(given('DATABASE_PASSWORD'));
  const verb = (await exists('pg_roles', 'rolname')) ? 'alter' : 'create';
  await admin.query(`${verb} role ${id} login nosuperuser nobypassrls password ${password}`);
  if (!(await exists('pg_database', 'datname')))
    await admin.query(`create database ${id} owner ${id} template template0`);
}

async function drop() {
  await admin.query(`drop database if exists ${id} with (force)`);
  await admin.query(`drop role if exists ${id}`);
}

async function exists(catalog, column) {
  const { rowCount } = await admin.query(`select 1 from ${catalog} where ${column} = $1`, [name]);
  return rowCount === 1;
}
