import { createDataSource, databaseTarget, roleFaults, tenantTableProblems } from '@atlas/persistence';
import { moreThan, none } from '../figures';
import { type Proof } from '../proof';

/**
 * Checks the catalog of a real, migrated database against the rules for row-level security.
 *
 * The rules are in row-level-security.ts, and a plane also checks them at each start. Row-level security is
 * forced; policies allow only the tenant's own rows, for reads and for writes; primary, unique and foreign
 * keys start with `tenant_id` on both sides; no view or function runs with its owner's privileges; and in a
 * shared plane the role owns nothing and may truncate nothing. row-level-security.spec.ts breaks each rule
 * once.
 *
 * To see it fail: in a migration, leave a table out of `tenantScoped(...)`.
 */
export const proof: Proof = {
  goal:
    '0 tenant tables that lack forced row-level security, WITH CHECK or keys that start with tenant_id; ' +
    "0 views that run with their owner's privileges",
  databases: ['postgres'],
  async run({ tenantPlaneDatabase }) {
    const target = databaseTarget((await tenantPlaneDatabase()).url);
    const dataSource = await createDataSource(
      target,
      { entities: [], migrations: [] },
      { poolSize: 1 },
    ).initialize();
    try {
      const problems = [
        ...(await tenantTableProblems(dataSource)),
        ...Object.values(await roleFaults(dataSource)).flat(),
      ];
      const [tables] = await dataSource.query<{ count: string }[]>(
        "select count(*) from information_schema.columns where table_schema = 'public' and " +
          "column_name = 'tenant_id'",
      );
      return [moreThan('tenant tables', Number(tables?.count), 0), none('problems', problems)];
    } finally {
      await dataSource.destroy();
    }
  },
};
