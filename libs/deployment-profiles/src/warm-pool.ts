import { deepFreeze } from './parts/deep-freeze';

/** The steps that prepare a plane for the warm pool, and those that remove a plane from it. */
export const WARM_POOL_STEPS: Readonly<Record<'warm' | 'cool', readonly string[]>> = deepFreeze({
  warm: ['create-pooled-plane', 'await-pooled-plane'],
  cool: ['remove-pooled-plane'],
});
