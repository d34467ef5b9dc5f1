import { type EntityManager } from 'typeorm';

/** Another replica has taken over, or the desired state has changed. Nothing was written. */
export class Superseded extends Error {}

/**
 * Throws {@link Superseded} in a transaction whose writes are out of date. Call it last: its lock lasts until
 * the commit, so that no one takes over in between, and is held no longer than needed.
 */
export type Fence = (manager: EntityManager) => Promise<void>;

/** For databases with no other writers. */
export const unfenced: Fence = () => Promise.resolve();
