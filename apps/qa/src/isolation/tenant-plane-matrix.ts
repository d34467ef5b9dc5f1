import {
  type Attempt,
  type Judged,
  type Lines,
  type Route,
  type RouteLine,
  Sender,
  attemptsOn,
  controlsOf,
  endsSession,
  isAsMeant,
  isReading,
  judge,
  lineOf,
  marksIn,
  nameOf,
  tenantPlaneLines,
} from '@atlas/isolation';
import { inBatches } from '../in-batches';
import { type ProofContext, countBy } from '../proof';
import { changesOf } from '../rows-telling';
import { type Served } from '../stage';
import { TenantRows } from '../tenant-rows';
import { type TenantWithCanary, tenantWithCanary } from './tenants';

export interface MatrixCounts {
  readonly attempts: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly bad: number;
  /** The number of the other tenant's rows that have changed. */
  readonly changed: number;
  readonly rows: number;
  /** Requests by both tenants for their own data, which must get the expected responses. */
  readonly controls: number;
  readonly failedControls: number;
}

/**
 * One tenant requests another tenant's data on every route. Then the other tenant makes the same requests
 * itself, to prove that there was data to leak.
 */
export async function tenantPlaneMatrix(
  { stack, planeDatabase }: Served,
  routes: readonly Route[],
  { size, progress }: ProofContext,
): Promise<MatrixCounts> {
  const lines = tenantPlaneLines(routes);
  const plane = new Plane(stack.tenantPlanes[0]?.url ?? '', lines, progress);
  const own = await tenantWithCanary(stack, 'asking');
  const disk = await TenantRows.open(planeDatabase);
  try {
    const ours = await plane.controls(routes, own, isReading);
    const other = await tenantWithCanary(stack, 'asked');
    const reading = await plane.controls(routes, other, isReading);
    const marks = { name: other.name, rows: [other.canary, ...marksIn(reading.texts, ours.texts)] };
    const all = routes.flatMap((route) => attemptsOf(lines, route, own, other));
    const attempts = lastEndsSession(size === 'full' ? all : oneOfEachForm(all));
    // Reading the other tenant's audit chain has sealed it. From now on, no row of that tenant changes by
    // itself.
    const rows = await disk.of(other.party.tenantId);
    const judged: Judged[] = [];
    for (const some of attempts) judged.push(...(await plane.judged(some, marks)));
    const changed = changesOf(rows, await disk.of(other.party.tenantId));
    // If the attacker's session had been revoked midway, the refusals would prove nothing.
    const still = await plane.controls(routes, own, isReading);
    const writing = await plane.controls(routes, other, (line) => !isReading(line));
    const failedControls = [reading, ours, still, writing].reduce((sum, { failed }) => sum + failed, 0);
    const controls = reading.count + ours.count + still.count + writing.count;
    const bad = judged.filter(({ outcome }) => outcome === 'leak' || outcome === 'fault').length;
    const outcomes = countBy(judged, ({ outcome, attempt: { form } }) => `${form} ${outcome}`);
    return { attempts: judged.length, outcomes, bad, changed, rows: rows.length, controls, failedControls };
  } finally {
    await disk.close();
    plane.close();
  }
}

function attemptsOf(
  lines: Lines<RouteLine>,
  route: Route,
  own: TenantWithCanary,
  other: TenantWithCanary,
): Attempt[] {
  const line = lineOf(lines, route);
  return line ? attemptsOn(route, line, own.party, other.party) : [];
}

function lastEndsSession(attempts: readonly Attempt[]): Attempt[][] {
  return [attempts.filter((attempt) => !endsSession(attempt)), attempts.filter(endsSession)];
}

/**
 * Keeps one attempt of each form per route. Leaves out `HEAD`, because the `GET` on the same path covers it.
 */
function oneOfEachForm(attempts: readonly Attempt[]): Attempt[] {
  const first = new Map(attempts.toReversed().map((one) => [`${nameOf(one.route)} ${one.form}`, one]));
  return [...first.values()].filter(({ route }) => route.method !== 'HEAD');
}

class Plane {
  private readonly sender: Sender;

  constructor(
    url: string,
    private readonly lines: Lines<RouteLine>,
    private readonly progress: (text: string) => void,
  ) {
    this.sender = new Sender(url);
  }

  async judged(attempts: readonly Attempt[], marks: { name: string; rows: string[] }): Promise<Judged[]> {
    return inBatches(attempts, { progress: this.progress }, async (attempt) => {
      const judged = judge(attempt, await this.sender.send(attempt.request), marks);
      const { outcome, status, why, told = '' } = judged;
      if (outcome === 'leak' || outcome === 'fault')
        this.progress(
          `${nameOf(attempt.route)}, ${attempt.form}, ${attempt.how}: ${status} ${outcome}: ${why} ${told}`,
        );
      return judged;
    });
  }

  /** Sends the tenant's own requests one by one. Requests that sign the user out come last. */
  async controls(routes: readonly Route[], { party }: TenantWithCanary, isChosen: typeof isReading) {
    const texts: string[] = [];
    const chosen = controlsOf(this.lines, routes, party, isChosen);
    let failed = 0;
    for (const control of chosen) {
      const { status, text } = await this.sender.send(control.request);
      if (control.line.audience === undefined) texts.push(text);
      if (isAsMeant(control, status)) continue;
      failed += 1;
      this.progress(`${nameOf(control.route)} by ${party.slug} itself: ${status} ${text.slice(0, 200)}`);
    }
    return { texts, count: chosen.length, failed };
  }

  close(): void {
    this.sender.close();
  }
}
