/**
 * How a COMMIT fails. `refused`: the database reports an error, and nothing takes effect. `lost before`: the
 * connection is lost before the COMMIT takes effect. `lost after`: the connection is lost after the COMMIT
 * has taken effect. In the last two cases, the client cannot tell whether the COMMIT took effect.
 */
export const COMMIT_FAULTS = ['refused', 'lost before', 'lost after'] as const;

export interface CommitFault {
  readonly how: (typeof COMMIT_FAULTS)[number];
  /** Which COMMIT of the request fails, counted from 1. */
  readonly nth: number;
}

const PREFIX = 'fa17';

/** The trace id for a request in which this COMMIT is to fail. `serial` makes the id unique. */
export function failing({ how, nth }: CommitFault, serial: number): { traceId: string; traceparent: string } {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const traceId = `${PREFIX}${hex(COMMIT_FAULTS.indexOf(how), 2)}${hex(nth, 2)}${hex(serial, 24)}`;
  return { traceId, traceparent: `00-${traceId}-${'fa'.repeat(8)}-01` };
}

/** The fault that is encoded in a trace id, if any. */
export function faultOf(traceId: string | undefined): CommitFault | undefined {
  if (!traceId?.startsWith(PREFIX)) return undefined;
  const [how = 0, nth = 0] = Buffer.from(traceId.slice(PREFIX.length), 'hex');
  const named = COMMIT_FAULTS[how];
  return named && { how: named, nth };
}
