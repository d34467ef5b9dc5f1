import { type Reply } from '@atlas/isolation';
import { type PlaneProcess } from '@atlas/testing';
import { type Effect, effectOf, isNothing, isSame, shownBeside } from '../effects';
import { COMMIT_FAULTS, type CommitFault, failing } from './commit-fault';

/** More COMMITs than any request makes. */
const MAX_COMMITS = 9;

/** A request that writes. Each `prepare` creates a new subject for it. */
export interface Write {
  readonly name: string;
  /** Whether the request has an Idempotency-Key, so that repeating it has no further effect. */
  readonly isKeyed: boolean;
  prepare(): Promise<Prepared>;
}

export interface Prepared {
  send(headers: Readonly<Record<string, string>>): Promise<Reply>;
  isMeant(status: number): boolean;
  /** Every row about the request's subject, as text that starts with the table name. */
  rows(): Promise<string[]>;
}

export interface Tried {
  readonly write: string;
  /** How many COMMITs failed, each in a separate request. */
  readonly faults: number;
  readonly wrong: readonly string[];
}

let serial = 0;

/**
 * Sends a request once for each of its COMMITs and each way in which that COMMIT can fail, and repeats it
 * each time.
 */
export async function tried(write: Write, plane: PlaneProcess, hows = COMMIT_FAULTS): Promise<Tried> {
  const clean = await cleanly(write);
  const wrong: string[] = [];
  let faults = 0;
  for (const how of hows)
    for (let nth = 1; nth <= MAX_COMMITS; nth += 1) {
      const found = await withFault(write, clean, { how, nth }, plane);
      if (found === undefined) break;
      faults += 1;
      wrong.push(...found.map((what) => `${write.name}, COMMIT ${nth} ${how}: ${what}`));
    }
  return { write: write.name, faults, wrong };
}

async function cleanly(write: Write): Promise<Effect> {
  const prepared = await write.prepare();
  const before = await prepared.rows();
  const { status, text } = await prepared.send({});
  if (!prepared.isMeant(status)) throw new Error(`${write.name}: ${status} ${text}`);
  return effectOf(before, await prepared.rows());
}

/** Returns the problems found, or undefined if the request makes no such COMMIT. */
async function withFault(
  { prepare, isKeyed }: Write,
  clean: Effect,
  fault: CommitFault,
  plane: PlaneProcess,
): Promise<string[] | undefined> {
  const prepared = await prepare();
  const before = await prepared.rows();
  const { traceId, traceparent } = failing(fault, (serial += 1));
  const first = await prepared.send({ traceparent });
  await fetch(`${plane.url}/health/live`);
  if (!plane.output().includes(JSON.stringify({ commit_fault: traceId }))) return undefined;
  const wrong: string[] = [];
  const left = effectOf(before, await prepared.rows());
  const isDone = isSame(left, clean);
  if (prepared.isMeant(first.status)) {
    if (!isDone) wrong.push(`returned ${first.status}, stored ${shownBeside(left, clean)}`);
  } else {
    if (![503, 507].includes(first.status)) wrong.push(`returned ${first.status} ${first.text}`);
    if (!isDone && !isNothing(left)) wrong.push(`partially done: ${shownBeside(left, clean)}`);
  }
  const again = await prepared.send({});
  if (!isKeyed) {
    if (!prepared.isMeant(again.status) && again.status >= 500)
      wrong.push(`repeated: ${again.status} ${again.text}`);
    return wrong;
  }
  if (!prepared.isMeant(again.status)) wrong.push(`repeated: ${again.status} ${again.text}`);
  const all = effectOf(before, await prepared.rows());
  if (!isSame(all, clean)) wrong.push(`after the repeat: ${shownBeside(all, clean)}`);
  return wrong;
}
