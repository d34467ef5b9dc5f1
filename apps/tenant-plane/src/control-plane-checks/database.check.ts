import { type CheckOutcome } from '@atlas/tenant-api';
import {
  type DatabaseExamination,
  type DatabaseFault,
  databaseTarget,
  examineDatabase,
} from '@atlas/persistence';
import { type Check, bad, good } from './check';

/** Enough to tell that they are this plane's, and whose they are. */
const TABLES = ['migrations', 'plane_identity', 'tenants'];

const FIX_OF_FAULT: Readonly<Record<DatabaseFault, string>> = {
  unreachable:
    'Look at host and port in %s, whether Postgres runs, and whether a firewall or pg_hba.conf keeps ' +
    'this machine out.',
  refused:
    'Look at user and password in %s (characters such as @ : / # have to be percent-encoded in a URL).',
  missing: 'Create the database that %s names: create database <name> owner <user>.',
  cannot_create:
    'Make the user of %s the owner of its database (alter database <name> owner to <user>): one ' +
    'plain owner is enough, no superuser.',
  not_owner:
    'The tables were made by another role: use that one in %s, or let an administrator run: reassign ' +
    'owned by <that role> to <user>.',
  folder: 'Correct the path in %s, or make the folder and give it to the user that runs the tenant plane.',
  file: 'Correct the path in %s; a file that is there has to belong to the user that runs the tenant plane.',
  damaged:
    'See the runbook, "A SQLite file that is empty or damaged" (/help on a plane that runs). The ' +
    'file is the one that %s names.',
  locked: 'End the other process, or name another file in %s: a SQLite file serves one.',
};

/** Whether the database can be used and migrated. Changes nothing in it. */
export const databaseCheck: Check = {
  name: 'database',
  isForPreflightOnly: true,
  isLocal: true,
  fixOfSilence:
    'The database server does not answer: look at TENANT_PLANE_DATABASE_URL, and whether it runs.',
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
    // Where another role migrates, this one has to do no more than connect.
    if (serving.fault === 'cannot_create') return good(`${migrating.detail}; another role serves`);
    return verdictOn(serving, 'TENANT_PLANE_DATABASE_URL');
  },
};

function verdictOn({ fault, detail }: DatabaseExamination, variable: string): CheckOutcome {
  return fault === undefined ? good(detail) : bad(detail, FIX_OF_FAULT[fault].replace('%s', variable));
}
