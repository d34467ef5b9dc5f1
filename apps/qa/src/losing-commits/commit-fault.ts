import { numbersIn, traced } from '../traced-numbers';

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
export function failing({ how, nth }: CommitFault, serial: number): ReturnType<typeof traced> {
  return traced(PREFIX, [COMMIT_FAULTS.indexOf(how), nth], serial);
}

/** The fault that is encoded in a trace id, if any. */
export function faultOf(traceId: string | undefined): CommitFault | undefined {
  const [how = -1, nth = 0] = numbersIn(PREFIX, traceId) ?? [];
  const named = COMMIT_FAULTS[how];
  return named && { how: named, nth };
}
