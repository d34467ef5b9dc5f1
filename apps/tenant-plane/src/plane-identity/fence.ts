import { type EntityManager } from 'typeorm';

/** Another replica has taken over, or the desired state has changed. Nothing was written. */
export class Superseded extends Error {}

/**
 * Throws {@link Superseded} in a transaction whose writes are outdated. Call it last, so that its lock is
 * held no longer than needed. The lock lasts until the commit, so no one can take over in between.
 */
export type Fence = (manager: EntityManager) => Promise<void>;

/** For databases with no other writers. */
export const unfenced: Fence = () => Promise.resolve();
