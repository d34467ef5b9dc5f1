import { type Bench } from './bench';
import { atMost, type Goal } from './goal';
import { type Calling, GrownPlane } from './growth/grown-plane';
import { growthPicture } from './growth/growth-picture';
import { comparablePages } from './growth/list-pages';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { type LoadResult } from './load/run-load';
import { median, upperBoundOfMedian } from './load/statistics';

const FEW = 100;
const GOAL = 1.2;

export const P8_GROWTH: Line = {
  name: 'P8',
  title: 'lists and writes with many tenants: time as a multiple of that with 100 tenants',
  measure: measureGrowth,
};

interface Growth {
  readonly name: string;
  /** An upper bound of the ratio, with 95 % confidence. */
  readonly atMost: number;
  readonly ratios: readonly number[];
}

/** Calls by name, one for each size. */
type Measured = Readonly<Record<string, readonly Calling[]>>;

async function measureGrowth(bench: Bench): Promise<readonly Goal[]> {
  const planes: GrownPlane[] = [];
  for (const tenants of new Set([FEW, 10_000, bench.size(100_000, 10_000)]))
    planes.push(await GrownPlane.start(bench, tenants));
  // Writes come last, because they make the small side larger.
  const all: Growth[] = [];
  for (const [title, measured] of [
    ['Lists', await lists(planes)],
    ['Calls', others(planes)],
  ] as const) {
    const growths: Growth[] = [];
    for (const [name, sides] of Object.entries(measured))
      growths.push(await growthOf(bench, name, { planes, sides }));
    const sizes = planes.map(({ tenants }) => tenants);
    bench.picture(`growth-${title.toLowerCase()}`, () => growthPicture(title, sizes, growths, GOAL));
    all.push(...growths);
  }
  const [worst] = all.toSorted((a, b) => b.atMost - a.atMost);
  if (!worst) throw new Error('Nothing was measured.');
  bench.fact('lines within the target', `${all.filter((one) => one.atMost <= GOAL).length} of ${all.length}`);
  return [atMost(`worst: ${worst.name}`, worst.atMost, GOAL)];
}

function others(planes: readonly GrownPlane[]): Measured {
  const sides = planes.map((plane) => plane.others());
  return Object.fromEntries(
    Object.keys(sides[0] ?? {}).map((name) => [name, sides.flatMap((side) => side[name] ?? [])]),
  );
}

async function lists(planes: readonly GrownPlane[]): Promise<Measured> {
  const pages = await comparablePages(planes);
  return Object.fromEntries(
    pages.map(({ name, paths }) => [name, planes.map((plane, n) => plane.get(paths[n] ?? ''))]),
  );
}

/** The growth from the smallest to the largest plane. The sizes between are printed only. */
async function growthOf(
  bench: Bench,
  name: string,
  { planes, sides }: { readonly planes: readonly GrownPlane[]; readonly sides: readonly Calling[] },
): Promise<Growth> {
  const load = { callers: 1, count: 8 };
  // The fastest call depends less on whatever else the machine does.
  const fastest = ({ latenciesMs }: LoadResult): number => Math.min(...latenciesMs);
  const work = sides.map(
    (call, n) => [`${planes[n]?.tenants}`, async () => fastest(await call(load))] as const,
  );
  for (const [, run] of work) await run();
  const rounds = await interleave(bench.size(45, 9), Object.fromEntries(work));
  const figures = work.map(([size]) => rounds[size] ?? []);
  const [few = [], many = []] = [figures[0], figures.at(-1)];
  const ratios = many.map((value, round) => value / (few[round] ?? NaN));
  const bound = upperBoundOfMedian(ratios);
  const medians = figures.map(median);
  const ms = medians.map((value, n) => `${planes[n]?.tenants}: ${value.toFixed(2)} ms`).join(', ');
  bench.fact(name, `${ms}; ratio ${median(ratios).toFixed(2)}, at most ${bound.toFixed(2)}`);
  return { name, atMost: bound, ratios: medians.map((value) => value / (medians[0] ?? NaN)) };
}
