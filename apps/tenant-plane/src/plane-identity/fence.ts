import { type EntityManager } from 'typeorm';

/** Another replica has taken over, or the Control Plane wants something else by now: nothing was written. */
export class Superseded extends Error {}

/**
 * Throws {@link Superseded} in a transaction whose writes are out of date. Call it last: what it locks stays
 * locked until the commit, so that nobody takes over in between, and no longer.
 */
export type Fence = (manager: EntityManager) => Promise<void>;

/** For databases that nobody else writes to. */
export const unfenced: Fence = () => Promise.resolve();
