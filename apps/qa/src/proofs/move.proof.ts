import { makeThings } from '@atlas/isolation';
import { type Figure, below, measured, none } from '../figures';
import { fillIncidents } from '../moving/fill-incidents';
import { type LegResult, travel } from '../moving/leg';
import { Tour } from '../moving/tour';
import { type Proof } from '../proof';
import { TenantRows } from '../tenant-rows';

/** The destinations in one round. A round starts and ends at shared, and includes each direction once. */
const DIRECTIONS = ['dedicated', 'hybrid', 'dedicated', 'shared', 'on_prem', 'shared'];
const SIZES = { small: { incidents: 1000, rounds: 1 }, full: { incidents: 100_000, rounds: 2 } } as const;
const MAX_FREEZE_MS = 2000;

/**
 * A tenant moves between all models while it is in use. Its users notice only a short pause in writes.
 *
 * On each kind of database, the tenant goes twice from shared through dedicated, hybrid, dedicated, shared
 * and on_prem back to shared. This takes a quarter of an hour. Its users act as a browser does: they follow
 * the redirect (307) from the plane that the tenant has left, and stay at the new address. A refused write is
 * repeated after 20 to 160 ms, although `Retry-After` asks for a second. Each repetition has a different
 * title, so that a write that was refused but stored can be detected. A read must show everything that was
 * acknowledged before the read. The freeze is the longest time that any write during the move took from its
 * first attempt to its acknowledgement.
 *
 * To see it fail: in `OutgoingTransfer.isFrozen`, leave out `tracking.freeze`.
 */
export const proof: Proof = {
  goal:
    '100,000 incidents under 20 writes/s, in six directions: 0 rows lost or duplicated, no read fails, ' +
    'p99 of the freeze < 2 s',
  databases: ['sqlite', 'postgres'],
  // Covered at the reduced size by e2e/test/move.spec.ts.
  smallOn: [],
  async run(context) {
    const { incidents, rounds } = SIZES[context.size];
    const tour = await Tour.begin(context);
    try {
      const known = await fill(tour, incidents);
      const legs: LegResult[] = [];
      for (const to of Array.from({ length: rounds }, () => DIRECTIONS).flat()) {
        const leg = await travel(tour, to, known);
        context.progress(describe(leg));
        legs.push(leg);
      }
      return figuresOf(legs, incidents);
    } finally {
      await tour.end();
    }
  },
};

/** Creates incidents, and returns their ids. */
async function fill(tour: Tour, count: number): Promise<Iterator<string>> {
  const rows = await TenantRows.open(tour.database);
  try {
    await fillIncidents(rows, tour.tenant.id, count);
    await makeThings(tour.ask, 'moving');
    const sql = 'select id from incidents where tenant_id = $1 order by id';
    return (await rows.query<{ id: string }>(sql, [tour.tenant.id])).map(({ id }) => id).values();
  } finally {
    await rows.close();
  }
}

function figuresOf(legs: readonly LegResult[], incidents: number): Figure[] {
  const sum = (of: 'lost' | 'doubled' | 'reads' | 'writes'): number =>
    legs.reduce((total, leg) => total + leg[of], 0);
  const failures = legs.flatMap((leg) => leg.failures);
  // With so few values, the 99th percentile is the maximum.
  const freezes = legs.map(({ freezeMs }) => freezeMs).sort((a, b) => a - b);
  const [middle, longest] = [freezes[freezes.length >> 1] ?? NaN, freezes.at(-1) ?? NaN];
  return [
    measured('moves', legs.length),
    none('rows lost', sum('lost')),
    none('rows duplicated', sum('doubled')),
    none('failed reads and writes', failures),
    below('p99 of the freeze', longest, MAX_FREEZE_MS, 'ms'),
    measured('p50 of the freeze', middle, 'ms'),
    measured('incidents', incidents),
    measured('reads', sum('reads')),
    measured('writes', sum('writes')),
  ];
}

function describe(leg: LegResult): string {
  const failures = leg.failures.length === 0 ? 'no failure' : leg.failures.slice(0, 3).join('; ');
  return (
    `${leg.name} in ${(leg.movedMs / 1000).toFixed(1)} s: ${leg.writes} writes, delayed by at most ` +
    `${leg.freezeMs.toFixed(0)} ms; ${leg.reads} reads, taking at most ${leg.longestReadMs.toFixed(0)} ms; ` +
    `${leg.lost} lost, ${leg.doubled} duplicated, ${failures}`
  );
}
