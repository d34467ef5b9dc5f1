import { type DataSource, Not } from 'typeorm';
import { PlaneEgressCall } from '../../egress/egress-call.entity';
import { Tenant } from '../../tenancy/tenant.entity';
import { lookAs } from '@atlas/persistence';
import { DueTime } from '../../due/due-time.entity';
import { OutgoingMail } from '../../mail/outgoing-mail.entity';
import { Run } from '../../automation/run.entity';
import { TENANT_PLANE_SCHEMA } from '../../schema/tenant-plane-schema';
import { type SupportItem } from '../support-item';

/** The settings of Postgres that explain how it behaves under load. */
const SETTINGS = [
  'max_connections',
  'shared_buffers',
  'work_mem',
  'wal_level',
  'synchronous_commit',
  'default_transaction_isolation',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'statement_timeout',
  'server_encoding',
  'TimeZone',
];
const PRAGMAS = ['journal_mode', 'synchronous', 'page_size', 'page_count', 'freelist_count', 'user_version'];

export const migrationsItem: SupportItem = {
  name: 'migrations',
  summary: 'the changes of the schema that were applied, and those that are lacking',
  collect: ({ look }) =>
    look(async (reader) => {
      const rows = await reader.query<{ name: string }[]>('select name from migrations order by id');
      const applied = rows.map(({ name }) => name);
      const known = TENANT_PLANE_SCHEMA.migrations.map(({ name }) => name);
      return {
        applied,
        lacking: known.filter((name) => !applied.includes(name)),
        unknown: applied.filter((name) => !known.includes(name)),
      };
    }),
};

export const rowsItem: SupportItem = {
  name: 'rows',
  summary: 'how many rows each table has, but none of them (on Postgres, as estimated by the server)',
  collect: ({ look }) =>
    look(async (reader) =>
      reader.options.type === 'postgres'
        ? { is_estimate: true, tables: await estimates(reader) }
        : { is_estimate: false, tables: await counts(reader) },
    ),
};

/** Row-level security hides the rows of all tenants, but not the statistics. */
async function estimates(reader: DataSource): Promise<object> {
  const rows = await reader.query<{ name: string; rows: string }[]>(
    `select relname as name, n_live_tup as rows from pg_stat_user_tables
      where schemaname = current_schema() order by relname`,
  );
  return Object.fromEntries(rows.map(({ name, rows: count }) => [name, Number(count)]));
}

async function counts(reader: DataSource): Promise<object> {
  const names = reader.entityMetadatas.map(({ tableName }) => tableName).sort();
  const counted: [string, number | null][] = [];
  for (const name of names) {
    const [row] = await reader.query<{ count: number }[]>(`select count(*) as count from ${name}`);
    counted.push([name, row?.count ?? null]);
  }
  return Object.fromEntries(counted);
}

export const workItem: SupportItem = {
  name: 'work',
  summary: 'how many runs have failed, emails wait, due times have passed and entries are unreported',
  collect: ({ look, now }) =>
    look(async (reader) => {
      const { manager } = reader;
      const runs: Record<string, number> = {};
      let mails = 0;
      for (const { id: tenantId } of await manager.find(Tenant, { where: { phase: Not('retired') } })) {
        await lookAs(reader, tenantId, async (own) => {
          const query = own.createQueryBuilder(Run, 'run').where({ tenantId }).groupBy('run.status');
          const found = await query.select('run.status', 'status').addSelect('count(*)', 'count').getRawMany<{
            status: string;
            count: string | number;
          }>();
          for (const { status, count } of found) runs[status] = (runs[status] ?? 0) + Number(count);
          mails += await own.countBy(OutgoingMail, { tenantId });
        });
      }
      const due = await manager
        .createQueryBuilder(DueTime, 'due')
        .where('due.dueAt < :now', { now })
        .groupBy('due.tableName')
        .select('due.tableName', 'name')
        .addSelect('count(*)', 'count')
        .getRawMany<{ name: string; count: string | number }>();
      const unreported = await manager
        .createQueryBuilder(Tenant, 'tenant')
        .where('tenant.reportedRevision < tenant.entryRevision')
        .getCount();
      return {
        runs_by_status: runs,
        mails_waiting: mails,
        due_times_passed: Object.fromEntries(due.map(({ name, count }) => [name, Number(count)])),
        entries_unreported: unreported,
      };
    }),
};

export const ledgerItem: SupportItem = {
  name: 'ledger',
  summary: 'how many calls of each class have left in the last 24 hours, and since when the ledger reaches',
  collect: async ({ look, record }) => {
    const { egress } = await record();
    const reach = await look((reader) =>
      reader.manager
        .createQueryBuilder(PlaneEgressCall, 'call')
        .select('count(*)', 'rows')
        .addSelect('min(call.firstAt)', 'first_at')
        .getRawOne<{ rows: string | number; first_at: unknown }>(),
    );
    return { last_24_hours: egress, rows_of_the_plane: Number(reach?.rows ?? 0), first_at: reach?.first_at };
  },
};

export const databaseItem: SupportItem = {
  name: 'database',
  summary: 'the version and the settings of the database',
  collect: ({ look }) =>
    look(async (reader) => {
      if (reader.options.type !== 'postgres') return sqliteFacts(reader);
      const [version] = await reader.query<{ version: string }[]>('select version() as version');
      const settings = await reader.query<{ name: string; setting: string }[]>(
        'select name, setting from pg_settings where name = any($1) order by name',
        [SETTINGS],
      );
      return {
        driver: 'postgres',
        version: version?.version,
        settings: Object.fromEntries(settings.map(({ name, setting }) => [name, setting])),
      };
    }),
};

async function sqliteFacts(reader: DataSource): Promise<object> {
  const [version] = await reader.query<{ version: string }[]>('select sqlite_version() as version');
  const settings: Record<string, unknown> = {};
  for (const name of PRAGMAS) {
    const [row] = await reader.query<Record<string, unknown>[]>(`pragma ${name}`);
    settings[name] = row && Object.values(row)[0];
  }
  return { driver: 'sqlite', version: version?.version, settings };
}
