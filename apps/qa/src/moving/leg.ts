import { setTimeout as delay } from 'node:timers/promises';
import { type TestDatabase } from '@atlas/testing';
import { TenantRows } from '../tenant-rows';
import { OngoingWork } from './ongoing-work';
import { type Tour } from './tour';

/** How long users work before and after a move. */
const LEAD_MS = 1000;

/** The contents of a plane's database at a time when no user is working. */
interface Stand {
  /** Incident titles by id. */
  readonly titles: ReadonlyMap<string, string>;
  readonly numbers: number;
  /** Every row of every table, as stored, except for when SLOs are looked at next. */
  readonly rows: ReadonlySet<string>;
}

export interface LegResult {
  readonly name: string;
  /**
   * The number of acknowledged writes that are missing or changed, plus the number of earlier rows that are
   * missing.
   */
  readonly lost: number;
  /** How many rows come from writes that were not acknowledged, plus how many numbers were assigned twice. */
  readonly doubled: number;
  readonly failures: readonly string[];
  readonly writes: number;
  readonly reads: number;
  /** The longest pause in writes, as seen by a client. */
  readonly freezeMs: number;
  readonly longestReadMs: number;
  readonly movedMs: number;
}

/**
 * Makes one move under load. Compares the result row by row with the state before the move and with
 * everything that was acknowledged during the move.
 */
export async function travel(tour: Tour, to: string, known: Iterator<string>): Promise<LegResult> {
  const name = `${tour.tenant.deployment_model} -> ${to}`;
  const before = await standOf(tour.database, tour.tenant.id);
  const work = new OngoingWork(tour.tenant.endpoint_url ?? '', tour.headers, known);
  await delay(LEAD_MS);
  const startedAt = performance.now();
  const job = await tour.move(to).finally(() => delay(LEAD_MS).then(() => work.stop()));
  const movedMs = performance.now() - startedAt - LEAD_MS;
  if (job.status !== 'succeeded') throw new Error(`${name}: ${JSON.stringify(job)}`);
  const after = await standOf(tour.database, tour.tenant.id);
  const failures = [...work.failures];
  if (work.address !== tour.tenant.endpoint_url)
    failures.push(`the users ended up at ${work.address} instead of the new address`);
  if (!(await tour.signIn())) failures.push('a user cannot sign in at the new address');
  const { longestWriteMs: freezeMs, longestReadMs, reads } = work;
  return {
    name,
    failures,
    movedMs,
    freezeMs,
    longestReadMs,
    reads,
    writes: work.acknowledged.size,
    ...compare(before, work, after),
  };
}

function compare(before: Stand, work: OngoingWork, after: Stand): { lost: number; doubled: number } {
  const expected = new Map([...before.titles, ...work.acknowledged]);
  const wrong = [...expected].filter(([id, title]) => after.titles.get(id) !== title).length;
  const gone = [...before.rows].filter((row) => !after.rows.has(row) && !isChangedSince(row, work)).length;
  const strangers = [...after.titles].filter(
    ([id, title]) => !expected.has(id) || work.refused.has(title),
  ).length;
  return { lost: wrong + gone, doubled: strangers + (after.titles.size - after.numbers) };
}

/** Whether the row may have changed, because it is the incident counter or an incident that was edited. */
function isChangedSince(row: string, { acknowledged }: OngoingWork): boolean {
  if (row.startsWith('tenant_counters ')) return true;
  if (!row.startsWith('incidents ')) return false;
  return acknowledged.has((JSON.parse(row.slice('incidents '.length)) as { id: string }).id);
}

/** A plane looks at its SLOs every minute, also while nobody is working. */
function withoutNextLook(row: string): string {
  return row.startsWith('slos ') ? row.replace(/"due_at":"[^"]*"/, '') : row;
}

async function standOf(database: TestDatabase, tenantId: string): Promise<Stand> {
  const rows = await TenantRows.open(database);
  try {
    await rows.settle();
    const sql = 'select id, title, number from incidents where tenant_id = $1';
    const incidents = await rows.query<{ id: string; title: string; number: string }>(sql, [tenantId]);
    return {
      titles: new Map(incidents.map(({ id, title }) => [id, title])),
      numbers: new Set(incidents.map(({ number }) => number)).size,
      rows: new Set((await rows.of(tenantId)).map(withoutNextLook)),
    };
  } finally {
    await rows.close();
  }
}
