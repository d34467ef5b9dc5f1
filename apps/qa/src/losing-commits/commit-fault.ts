/**
 * How a COMMIT fails. `refused`: the database reports an error, and nothing takes effect. `lost before`,
 * `lost after`: the client cannot tell whether its COMMIT took effect. In the first case it did not, in the
 * second it did.
 */
export const COMMIT_FAULTS = ['refused', 'lost before', 'lost after'] as const;

export interface CommitFault {
  readonly how: (typeof COMMIT_FAULTS)[number];
  /** Which COMMIT of the request fails, counted from 1. */
  readonly nth: number;
}

const PREFIX = 'fa17';

/** The trace of a request in which this COMMIT is to fail. `serial` makes it unique. */
export function failing({ how, nth }: CommitFault, serial: number): { traceId: string; traceparent: string } {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const traceId = `${PREFIX}${hex(COMMIT_FAULTS.indexOf(how), 2)}${hex(nth, 2)}${hex(serial, 24)}`;
  return { traceId, traceparent: `00-${traceId}-${'fa'.repeat(8)}-01` };
}

/** The fault that a trace id encodes, if it encodes one. */
export function faultOf(traceId: string | undefined): CommitFault | undefined {
  if (!traceId?.startsWith(PREFIX)) return undefined;
  const [how = 0, nth = 0] = Buffer.from(traceId.slice(PREFIX.length), 'hex');
  const named = COMMIT_FAULTS[how];
  return named && { how: named, nth };
}
