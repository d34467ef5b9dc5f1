import { type Attempt } from './attempts';
import { type Reply } from './send';

/** `leak`: what is the other's was told or touched. `fault`: the plane failed, so that nothing is known. */
export type Outcome = 'refused' | 'own' | 'leak' | 'fault';

export interface Judged {
  readonly attempt: Attempt;
  readonly status: number;
  readonly outcome: Outcome;
  /** For a leak or a fault: what tells of it. A mark of the other tenant is in `told`, not here. */
  readonly why?: string;
  readonly told?: string;
  readonly traceId?: string;
}

/** What tells that an answer holds something of the other tenant. */
export interface Marks {
  /** In its rows. */
  readonly rows: readonly string[];
  readonly name: string;
}

const TELLING = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|canary-[0-9a-f]+/g;

/** Ids, addresses and canary words in what the other tenant is answered, but for those that were there `before` it was. */
export function marksIn(answersOfOther: readonly string[], before: readonly string[]): string[] {
  const own = before.join('\n');
  const found = new Set(answersOfOther.flatMap((text) => text.match(TELLING) ?? []));
  return [...found].filter((mark) => !own.includes(mark));
}

export function judge(attempt: Attempt, { status, text, traceId }: Reply, { rows, name }: Marks): Judged {
  const { expected, request, line } = attempt;
  // What is said back to who said it tells nothing.
  const said = `${request.target} ${request.body ?? ''} ${JSON.stringify(request.headers)}`;
  const marks = expected === 'name' ? rows : [...rows, name];
  const told = marks.find((mark) => !said.includes(mark) && text.includes(mark));
  const of = (outcome: Outcome, why?: string): Judged => ({ attempt, status, outcome, why, told, traceId });
  if (told !== undefined) return of('leak', "the answer holds what is the other tenant's");
  if (status >= 500 && !line.answers?.includes(status)) return of('fault', text.slice(0, 200));
  if (status === 0) return of('fault', text);
  if (status >= 300) return of('refused');
  return expected === 'refused' ? of('leak', 'it was accepted') : of('own');
}
