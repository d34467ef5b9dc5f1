/**
 * How a COMMIT fails. `refused`: the database stores nothing and says so. `lost before`, `lost after`: nobody learns whether
 * it stored anything; it has not, or it has.
 */
export const COMMIT_FAULTS = ['refused', 'lost before', 'lost after'] as const;

export interface CommitFault {
  readonly how: (typeof COMMIT_FAULTS)[number];
  /** Which COMMIT of the request fails, from 1. */
  readonly nth: number;
}

const PREFIX = 'fa17';

/** The headers of a request one of whose COMMITs shall fail; `serial` tells such requests apart. */
export function failing({ how, nth }: CommitFault, serial: number): { traceId: string; traceparent: string } {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const traceId = `${PREFIX}${hex(COMMIT_FAULTS.indexOf(how), 2)}${hex(nth, 2)}${hex(serial, 24)}`;
  return { traceId, traceparent: `00-${traceId}-${'fa'.repeat(8)}-01` };
}

/** What a trace id says that shall fail. */
export function faultOf(traceId: string | undefined): CommitFault | undefined {
  if (!traceId?.startsWith(PREFIX)) return undefined;
  const [how = 0, nth = 0] = Buffer.from(traceId.slice(PREFIX.length), 'hex');
  const named = COMMIT_FAULTS[how];
  return named && { how: named, nth };
}
