import { type Attempt } from './attempts';
import { type Reply } from './send';

/**
 * `leak`: the other tenant's data was revealed or changed. `fault`: the plane failed, so the outcome is
 * unknown.
 */
export type Outcome = 'refused' | 'own' | 'leak' | 'fault';

export interface Judged {
  readonly attempt: Attempt;
  readonly status: number;
  readonly outcome: Outcome;
  /** The reason for a leak or a fault, without the revealed mark, which is in `told`. */
  readonly why?: string;
  readonly told?: string;
  readonly traceId?: string;
}

/** Strings that show that a response contains the other tenant's data. */
export interface Marks {
  /** Strings found in the other tenant's rows. */
  readonly rows: readonly string[];
  readonly name: string;
}

const TELLING = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|canary-[0-9a-f]+/g;

/**
 * The ids, addresses and canary words in the responses to the other tenant, except those that also occur in
 * the `before` responses.
 */
export function marksIn(answersOfOther: readonly string[], before: readonly string[]): string[] {
  const own = before.join('\n');
  const found = new Set(answersOfOther.flatMap((text) => text.match(TELLING) ?? []));
  return [...found].filter((mark) => !own.includes(mark));
}

export function judge(attempt: Attempt, { status, text, traceId }: Reply, { rows, name }: Marks): Judged {
  const { expected, request, line } = attempt;
  // Echoing a value to the caller who sent it reveals nothing.
  const said = `${request.target} ${request.body ?? ''} ${JSON.stringify(request.headers)}`;
  const marks = expected === 'name' ? rows : [...rows, name];
  const told = marks.find((mark) => !said.includes(mark) && text.includes(mark));
  const of = (outcome: Outcome, why?: string): Judged => ({ attempt, status, outcome, why, told, traceId });
  if (told !== undefined) return of('leak', 'the response contains data of the other tenant');
  if (status >= 500 && !line.answers?.includes(status)) return of('fault', text.slice(0, 200));
  if (status === 0) return of('fault', text);
  if (status >= 300) return of('refused');
  return expected === 'refused' ? of('leak', 'it was accepted') : of('own');
}
