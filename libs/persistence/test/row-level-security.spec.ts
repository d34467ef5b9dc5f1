import { type TestDatabase, createTestDatabase, APP_ROLE } from '@atlas/testing';
import { type DataSource } from 'typeorm';
import { createDataSource } from '../src/connection/data-source';
import { databaseTarget } from '../src/connection/database-target';
import { migrateFirst } from '../src/opening/open-database';
import { roleFaults, tenantTableProblems } from '../src/tenants/row-level-security';
import { NOTES_SCHEMA } from './notes.fixture';

const OWN = `tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid`;
const LOGS =
  'create table logs (tenant_id uuid not null, id uuid not null, note_id uuid, constraint logs_pk ' +
  'primary key (tenant_id, id))';
const FENCE = [
  'alter table logs enable row level security',
  'alter table logs force row level security',
  `create policy tenant_isolation on logs using (${OWN}) with check (${OWN})`,
];
const FENCED = [LOGS, ...FENCE];
const policyOf = (using: string, check: string): string[] => [
  LOGS,
  ...FENCE.slice(0, 2),
  `create policy tenant_isolation on logs using (${using}) with check (${check})`,
];

/** What a migration may get wrong, and the problem reported for it. */
const FAULTS: readonly (readonly [what: string, sql: readonly string[], problem: string])[] = [
  ['a table without row-level security', [LOGS], 'table logs: row-level security is not enabled and forced'],
  [
    'row-level security that is not forced',
    [LOGS, ...FENCE.slice(0, 1), ...FENCE.slice(2)],
    'row-level security is not enabled and forced',
  ],
  [
    'a table without a policy',
    [LOGS, ...FENCE.slice(0, 2)],
    'table logs: no policy with both USING and WITH CHECK',
  ],
  [
    'a policy without a check of written rows',
    [LOGS, ...FENCE.slice(0, 2), `create policy p on logs using (${OWN})`],
    'no policy with both USING and WITH CHECK',
  ],
  [
    'a check that accepts any row',
    policyOf(OWN, 'true'),
    "policy tenant_isolation lets more through than the tenant's own rows (WITH CHECK)",
  ],
  [
    'a policy that exposes more rows',
    policyOf(`${OWN} or note_id is null`, OWN),
    "policy tenant_isolation lets more through than the tenant's own rows (USING)",
  ],
  [
    'a second policy that exposes all rows',
    [...FENCED, 'create policy more on logs for select using (true)'],
    "policy more lets more through than the tenant's own rows (USING)",
  ],
  [
    'a primary key without tenant_id',
    [LOGS.replace('primary key (tenant_id, id)', 'primary key (id)'), ...FENCE],
    'index logs_pk is unique but does not start with tenant_id',
  ],
  [
    'a table without a primary key',
    [LOGS.replace(', constraint logs_pk primary key (tenant_id, id)', ''), ...FENCE],
    'table logs: no primary key',
  ],
  [
    'a unique key that does not start with tenant_id',
    [...FENCED, 'create unique index logs_uq on logs (note_id, tenant_id)'],
    'index logs_uq is unique but does not start with tenant_id',
  ],
  [
    'a foreign key that does not start with tenant_id',
    [
      ...FENCED,
      'create unique index notes_id_uq on notes (id)',
      'alter table logs add constraint logs_fk foreign key (note_id) references notes (id)',
    ],
    'foreign key logs_fk does not start with tenant_id',
  ],
  [
    'a foreign key that compares tenant_id with another column',
    [
      ...FENCED,
      'create unique index notes_id_uq on notes (id, tenant_id)',
      'alter table logs add constraint logs_fk foreign key (tenant_id, note_id) references notes ' +
        '(id, tenant_id)',
    ],
    'foreign key logs_fk can refer to a row of another tenant',
  ],
  [
    "a table without tenant_id that refers to tenants' rows",
    [
      'create table links (tenant uuid, note_id uuid, constraint links_fk foreign key (tenant, ' +
        'note_id) references notes (tenant_id, id))',
    ],
    'table links: foreign key links_fk can refer to a row of another tenant',
  ],
  [
    "a view with its owner's rights",
    ['create view all_notes as select * from notes'],
    "view all_notes: reads with its owner's rights",
  ],
  [
    'a materialized view',
    ['create materialized view copied_notes as select * from notes'],
    "view copied_notes: reads with its owner's rights",
  ],
  [
    "a function with its owner's rights",
    [
      'create function note_count() returns bigint language sql security definer as $$ select ' +
        'count(*) from notes $$',
    ],
    "function note_count(): runs with its owner's rights",
  ],
];

const GOOD: readonly (readonly [what: string, sql: readonly string[]])[] = [
  ['a table with row-level security and its policy', FENCED],
  [
    'a foreign key with both columns',
    [
      ...FENCED,
      'alter table logs add constraint logs_fk foreign key (tenant_id, note_id) references notes ' +
        '(tenant_id, id)',
    ],
  ],
  [
    'an additional restrictive policy',
    [...FENCED, 'create policy less on logs as restrictive using (note_id is not null)'],
  ],
  [
    "a view with the caller's rights",
    ['create view own_notes with (security_invoker=true) as select * from notes'],
  ],
  [
    "a function with the caller's rights",
    ['create function two() returns int language sql as $$ select 2 $$'],
  ],
];

describe('the catalog lint', () => {
  let test: TestDatabase;
  let owner: DataSource;
  let app: DataSource;

  beforeAll(async () => {
    test = await createTestDatabase('postgres');
    const [target, migrationTarget] = [databaseTarget(test.url), databaseTarget(test.ownerUrl ?? '')];
    await migrateFirst({ target, migrationTarget, schema: NOTES_SCHEMA });
    const connected = (to: typeof target) => createDataSource(to, NOTES_SCHEMA, { poolSize: 1 }).initialize();
    [owner, app] = [await connected(migrationTarget), await connected(target)];
  });
  afterAll(async () => {
    await Promise.all([owner, app].map((source) => source.destroy()));
    await test.drop();
  });

  /** The problems found after running these statements, which are rolled back. */
  const problemsOf = async (statements: readonly string[]): Promise<string[]> => {
    await owner.query('begin');
    try {
      for (const statement of statements) await owner.query(statement);
      return await tenantTableProblems(owner);
    } finally {
      await owner.query('rollback');
    }
  };

  it.each(FAULTS)('finds %s', async (_, statements, problem) => {
    expect((await problemsOf(statements)).join('\n')).toContain(problem);
  });

  it.each(GOOD)('accepts %s', async (_, statements) => {
    expect(await problemsOf(statements)).toEqual([]);
  });

  it('finds a role that may truncate tables despite their policies', async () => {
    expect(await roleFaults(app)).toEqual({ bypassing: [], owning: [] });
    await owner.query(`grant truncate on notes to ${APP_ROLE}`);
    expect((await roleFaults(app)).owning).toEqual([`role "${APP_ROLE}" may truncate "notes"`]);
    await owner.query(`revoke truncate on notes from ${APP_ROLE}`);
  });
});
