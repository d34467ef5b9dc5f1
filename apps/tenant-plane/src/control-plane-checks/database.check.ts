import {
  type DatabaseExamination,
  type DatabaseFault,
  databaseTarget,
  examineDatabase,
} from '@atlas/persistence';
import { type CheckOutcome } from '@atlas/tenant-api/deployment';
import { type Check, bad, good } from './check';

/** Enough tables to recognise a plane's schema and its owner. */
const TABLES = ['migrations', 'plane_identity', 'tenants'];

const FIX_OF_FAULT: Readonly<Record<DatabaseFault, string>> = {
  unreachable:
    'Check the host and port in %s, that Postgres is running, and that no firewall or pg_hba.conf ' +
    'blocks this machine.',
  refused: 'Check the user and password in %s (characters such as @ : / # must be percent-encoded in a URL).',
  missing: 'Create the database that %s names: create database <name> owner <user>.',
  cannot_create:
    'Make the user in %s the owner of its database (alter database <name> owner to <user>). The user need ' +
    'not be a superuser.',
  not_owner:
    'The tables belong to another role. Use that role in %s, or have an administrator run: reassign owned ' +
    'by <that role> to <user>.',
  folder: 'Correct the path in %s, or create the folder, owned by the user that runs the tenant plane.',
  file: 'Correct the path in %s; an existing file must belong to the user that runs the tenant plane.',
  damaged:
    'See the runbook, "A SQLite file that is empty or damaged" (/help on a running plane). The ' +
    'file is the one that %s names.',
  locked:
    'Stop the other process, or name a different file in %s, because only one process can use a SQLite ' +
    'file.',
};

/** Whether the database can be used and migrated. Changes nothing in it. */
export const databaseCheck: Check = {
  name: 'database',
  isForPreflightOnly: true,
  isLocal: true,
  fixOfSilence:
    'The database server does not respond. Check TENANT_PLANE_DATABASE_URL, and that the server is running.',
  async run({ config, database, schema, running }) {
    const owner = config.TENANT_PLANE_MIGRATION_DATABASE_URL;
    if (owner === undefined) {
      const found = await examineDatabase(database, TABLES, schema);
      if (found.fault === 'locked' && database.driver === 'sqlite' && (await running()))
        return good(`${database.file} is in use by this plane`);
      return verdictOn(found, 'TENANT_PLANE_DATABASE_URL');
    }
    const migrating = await examineDatabase(databaseTarget(owner), TABLES, schema);
    if (migrating.fault) return verdictOn(migrating, 'TENANT_PLANE_MIGRATION_DATABASE_URL');
    const serving = await examineDatabase(database, [], schema);
    // If another role runs the migrations, the serving role only needs to connect.
    if (serving.fault === 'cannot_create') return good(`${migrating.detail}; another role serves requests`);
    return verdictOn(serving, 'TENANT_PLANE_DATABASE_URL');
  },
};

function verdictOn({ fault, detail }: DatabaseExamination, variable: string): CheckOutcome {
  return fault === undefined ? good(detail) : bad(detail, FIX_OF_FAULT[fault].replace('%s', variable));
}
