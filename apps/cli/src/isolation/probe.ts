import {
  type Attempt,
  type Judged,
  type Marks,
  type Party,
  type Route,
  attemptsOn,
  controlsOf,
  endsSession,
  isAsMeant,
  isReading,
  judge,
  lineOf,
  marksIn,
  nameOf,
} from '@atlas/isolation';
import { type ProbedPlane } from './probed-plane';

export interface ProbeScene {
  readonly plane: ProbedPlane;
  /** The tenant that sends the requests. */
  readonly own: Party;
  /** The tenant whose data is requested. */
  readonly other: Party;
  readonly otherName: string;
  /** Whether both tenants exist only for the probe, so that no real data can be lost. */
  readonly isThrowaway: boolean;
  readonly signal: AbortSignal;
  progress(done: number, all: number): void;
}

interface LeftOut {
  readonly route: string;
  readonly reason: string;
}

type Verdict = 'PASS' | 'LEAK' | 'INCONCLUSIVE';

export interface ProbeResult {
  readonly verdict: Verdict;
  readonly judged: readonly Judged[];
  readonly leftOut: readonly LeftOut[];
  /**
   * Routes that refused a tenant's request for its own data. On such
   * a route, a refusal of the other tenant's data proves nothing.
   */
  readonly failedControls: readonly string[];
  readonly controls: number;
  /** Routes whose response to the other tenant changed during the probe. */
  readonly changed: readonly string[];
}

/** The number of concurrent attempts, low enough not to disturb the plane's users. */
const AT_ONCE = 4;

/** Ids and addresses that these routes return to the requesting tenant are not the other tenant's data. */
const TOLD_TO_BOTH = ['GET /api/integrations/control-plane', 'GET /api/auth/me'];
/** Routes that report the plane's state or the time, so a changed response does not indicate changed data. */
const MEASURED: readonly string[] = ['GET /api/integrations/control-plane', 'GET /api/slos/:id/series'];

/**
 * One tenant requests another tenant's data. Both read their own data before and afterwards, to detect
 * changes. Throws the signal's reason if the signal aborts.
 */
export async function probe(scene: ProbeScene): Promise<ProbeResult> {
  const { plane, own, other, otherName, signal } = scene;
  const [ours, theirs, again] = [
    await readings(plane, own),
    await readings(plane, other),
    await readings(plane, other),
  ];
  const both = TOLD_TO_BOTH.map((name) => ours.texts.get(name) ?? '');
  const marks: Marks = { name: otherName, rows: marksIn([...theirs.texts.values()], both) };
  const { attempts, leftOut } = chosen(scene);
  const judged: Judged[] = [];
  for (let from = 0; from < attempts.length; from += AT_ONCE) {
    signal.throwIfAborted();
    scene.progress(from, attempts.length);
    const some = attempts.slice(from, from + AT_ONCE);
    const answered = some.map(async (one) => judge(one, await plane.sender.send(one.request), marks));
    judged.push(...(await Promise.all(answered)));
  }
  const [after, still] = [await readings(plane, other), await readings(plane, own)];
  const steady = [...theirs.texts].filter(
    ([name, text]) => again.texts.get(name) === text && !MEASURED.includes(name),
  );
  const changed = steady.filter(([name, text]) => after.texts.get(name) !== text).map(([name]) => name);
  const all = [ours, theirs, after, still];
  const failedControls = [...new Set(all.flatMap(({ failed }) => failed))];
  const controls = all.reduce((sum, { count }) => sum + count, 0);
  const found = { judged, leftOut, failedControls, controls, changed };
  return { ...found, verdict: verdictOn(found, plane) };
}

function verdictOn(
  { judged, failedControls, changed }: Omit<ProbeResult, 'verdict'>,
  { uncovered }: ProbedPlane,
): Verdict {
  if (changed.length > 0 || judged.some(({ outcome }) => outcome === 'leak')) return 'LEAK';
  const isUnclear =
    judged.some(({ outcome }) => outcome === 'fault') || failedControls.length + uncovered.length > 0;
  return isUnclear || judged.length === 0 ? 'INCONCLUSIVE' : 'PASS';
}

/** The responses to a tenant's own admin, by route. */
async function readings(plane: ProbedPlane, party: Party) {
  const isTenants = (line: Parameters<typeof isReading>[0]): boolean =>
    isReading(line) && line.audience === undefined;
  const controls = controlsOf(plane.lines, plane.routes, party, isTenants);
  const texts = new Map<string, string>();
  const failed: string[] = [];
  for (const control of controls) {
    const { status, text } = await plane.sender.send(control.request);
    texts.set(nameOf(control.route), text);
    if (!isAsMeant(control, status)) failed.push(`${nameOf(control.route)}: ${status}`);
  }
  return { texts, failed, count: controls.length };
}

function chosen(scene: ProbeScene): { attempts: Attempt[]; leftOut: LeftOut[] } {
  const { plane, own, other, isThrowaway } = scene;
  const leftOut: LeftOut[] = plane.notServed.map((route) => ({
    route,
    reason: 'not served by this version',
  }));
  const attempts = plane.routes.flatMap((route) => {
    const line = lineOf(plane.lines, route);
    if (!line) return [];
    const all = attemptsOn(route, line, own, other);
    const reason = reasonToLeaveOut(scene, route, all);
    if (reason !== undefined) leftOut.push({ route: nameOf(route), reason });
    if (isThrowaway) return all;
    return line.harm ? [] : all.filter(({ writesOwn }) => !writesOwn);
  });
  return {
    attempts: [...attempts.filter((one) => !endsSession(one)), ...attempts.filter(endsSession)],
    leftOut,
  };
}

function reasonToLeaveOut(
  { plane, own, other, isThrowaway }: ProbeScene,
  route: Route,
  all: Attempt[],
): string | undefined {
  const line = lineOf(plane.lines, route);
  const subjects = Object.values(line?.path ?? {}).filter((value) => typeof value === 'string');
  const lacking = subjects.find((subject) => other.subjects[subject] === undefined);
  if (lacking) return `the other tenant has no ${lacking}`;
  if (line?.body && line.body(own) === undefined) return 'needs a password that the probe does not know';
  if (!isThrowaway && line?.harm) return `if it were accepted, ${line.harm}`;
  if (!isThrowaway && all.some(({ writesOwn }) => writesOwn))
    return 'some attempts would change the requesting tenant itself';
  return undefined;
}
