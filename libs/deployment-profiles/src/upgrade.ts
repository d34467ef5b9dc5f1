import { deepFreeze } from './parts/deep-freeze';

/**
 * `by_driver`: the driver that created the tenant plane also replaces it. `by_hand`: the people who run the
 * tenant plane replace it.
 */
export type UpgradeWay = 'by_driver' | 'by_hand';

/** How a tenant plane is upgraded, in every model. */
export const UPGRADE_STEPS: Readonly<Record<UpgradeWay, readonly string[]>> = deepFreeze({
  by_driver: ['replace-plane', 'await-healthy'],
  by_hand: ['await-version'],
});

/** The steps of an upgrade wave. Each plane is upgraded by a separate job. */
export const UPGRADE_WAVE_STEPS: readonly string[] = deepFreeze(['upgrade-canary', 'upgrade-batches']);
