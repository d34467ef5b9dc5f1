import { numbersIn, traced } from '../traced-numbers';

/**
 * Where a call is held. `begin`: it has been admitted, and is about to begin a transaction. `commit`: it has
 * written everything, and is about to commit.
 */
export const PLACES = ['begin', 'commit'] as const;

export interface Hold {
  readonly place: (typeof PLACES)[number];
  /** Which transaction of the request is held, counted from 1. */
  readonly nth: number;
}

const PREFIX = 'fa18';
/** The signal that lets every held call go on. */
export const GO_ON = 'SIGWINCH';

/** The trace id for a request that is to be held. `serial` makes the id unique. */
export function holding({ place, nth }: Hold, serial: number): ReturnType<typeof traced> {
  return traced(PREFIX, [PLACES.indexOf(place), nth], serial);
}

/** The hold that is encoded in a trace id, if any. */
export function holdOf(traceId: string | undefined): Hold | undefined {
  const [at = -1, nth = 0] = numbersIn(PREFIX, traceId) ?? [];
  const place = PLACES[at];
  return place && { place, nth };
}

/** The line that a plane prints when it holds a call. */
export function lineOfHeld(traceId: string): string {
  return JSON.stringify({ held_call: traceId });
}
