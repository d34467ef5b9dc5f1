import { setTimeout as delay } from 'node:timers/promises';
import { type TestDatabase } from '@atlas/testing';
import { TenantRows } from '../tenant-rows';
import { OngoingWork } from './ongoing-work';
import { type Tour } from './tour';

/** Work goes on for this long before a move and after it. */
const LEAD_MS = 1000;

/** What stood in a plane's database when nobody worked. */
interface Stand {
  /** Incidents by id. */
  readonly titles: ReadonlyMap<string, string>;
  readonly numbers: number;
  /** Of each row of every table, as it is on disk. */
  readonly rows: ReadonlySet<string>;
}

export interface LegResult {
  readonly name: string;
  /** Acknowledged writes that are not there, or otherwise; rows that were there before and are not. */
  readonly lost: number;
  /** What is there and was never acknowledged, refused writes among it, and numbers given twice. */
  readonly doubled: number;
  readonly failures: readonly string[];
  readonly writes: number;
  readonly reads: number;
  /** How long writes paused, as the client sees it that waited longest. */
  readonly freezeMs: number;
  readonly longestReadMs: number;
  readonly movedMs: number;
}

/** One move under load, compared row by row with what was before and with all that was acknowledged meanwhile. */
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
  if (work.address !== tour.tenant.endpoint_url) failures.push(`users are at ${work.address}`);
  if (!(await tour.signIn())) failures.push('a user cannot sign in at the new place');
  const { longestWriteMs: freezeMs, longestReadMs, reads } = work;
  return {
    ...{ name, failures, movedMs, freezeMs, longestReadMs, reads, writes: work.acknowledged.size },
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

/** The counter of incidents, and incidents that were changed. */
function isChangedSince(row: string, { acknowledged }: OngoingWork): boolean {
  if (row.startsWith('tenant_counters ')) return true;
  if (!row.startsWith('incidents ')) return false;
  return acknowledged.has((JSON.parse(row.slice('incidents '.length)) as { id: string }).id);
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
      rows: new Set(await rows.of(tenantId)),
    };
  } finally {
    await rows.close();
  }
}
