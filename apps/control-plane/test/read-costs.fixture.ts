import { Database, UNPREPARED } from '@atlas/persistence';
import { currentContext } from '@atlas/platform';
import { type Statement, statementsDuring } from '@atlas/testing';
import { escapeLiteral } from 'pg';
import { type DataSource } from 'typeorm';
import { type TestControlPlane } from './control-plane.fixture';

/** The statements with which requests read rows while `work` runs. */
export async function readsDuring(
  plane: TestControlPlane,
  work: () => Promise<unknown>,
): Promise<Statement[]> {
  const isOfRequest = (): boolean => currentContext()?.ip !== undefined;
  const statements = await statementsDuring(await readerOf(plane), work, isOfRequest);
  return statements.filter(({ sql }) => /^(\/\*.*?\*\/)?\s*select\b/i.test(sql));
}

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** As often, Postgres plans a prepared statement for its values. Then it may decide on one plan for any. */
const PLANNED_FOR_VALUES = 5;

/** How many rows Postgres visits for a frequent statement, whether it then uses them or not. */
export async function rowsVisited(plane: TestControlPlane, { sql, parameters }: Statement): Promise<number> {
  const source = await readerOf(plane);
  const values = (parameters ?? []).map((value) => literal(value)).join(', ');
  const execute = `execute measured${values && `(${values})`}`;
  const uses = sql.startsWith(`/* ${UNPREPARED} */`) ? 0 : PLANNED_FOR_VALUES;
  return source.transaction(async (manager) => {
    await manager.query(`prepare measured as ${sql}`);
    for (let n = 0; n < uses; n += 1) await manager.query(execute);
    const explain = `explain (analyze, format json) ${execute}`;
    const rows = await manager.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }[]>(explain);
    await manager.query('deallocate measured');
    return rows.flatMap((row) => row['QUERY PLAN']).reduce((sum, { Plan }) => sum + visitedBy(Plan), 0);
  });
}

function literal(value: unknown): string {
  if (value === null) return 'null';
  return escapeLiteral(value instanceof Date ? value.toISOString() : String(value));
}

function visitedBy(node: PlanNode): number {
  const dropped = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  const own = node['Relation Name'] ? (node['Actual Rows'] + dropped) * node['Actual Loops'] : 0;
  return (node.Plans ?? []).reduce((sum, child) => sum + visitedBy(child), own);
}

/** The lines of SQLite's plan for a statement. SQLite does not count the rows that it visits. */
export async function sqlitePlan(plane: TestControlPlane, { sql, parameters }: Statement): Promise<string[]> {
  const source = await readerOf(plane);
  const lines = await source.query<{ detail: string }[]>(`explain query plan ${sql}`, parameters);
  return lines.map(({ detail }) => detail);
}

/** The data source that reads, which is not the one that writes on SQLite. */
function readerOf(plane: TestControlPlane): Promise<DataSource> {
  return plane.app.get(Database).read((manager) => Promise.resolve(manager.connection));
}
