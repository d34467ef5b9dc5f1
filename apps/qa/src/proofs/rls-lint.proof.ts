import { createDataSource, databaseTarget, roleFaults, tenantTableProblems } from '@atlas/persistence';
import { type Proof } from '../proof';

/** R12. What the migrations created is checked against the rules, in the catalog of a real database. */
export const RLS_LINT: Proof = {
  name: 'rls-lint',
  goal: '0 tenant tables without forced row-level security, WITH CHECK and keys that start with tenant_id; 0 owner-rights views',
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
        "select count(*) from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id'",
      );
      return {
        figure: `${tables?.count} tenant tables, ${problems.length} problems ${problems.join('; ')}`,
        isGood: problems.length === 0,
      };
    } finally {
      await dataSource.destroy();
    }
  },
};
