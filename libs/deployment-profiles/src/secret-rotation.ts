import { deepFreeze } from './parts/deep-freeze';

export const ROTATION_MODES = ['routine', 'compromised'] as const;

/**
 * `routine`: the plane receives the next secret through its usual calls. `compromised`: the old secret is
 * refused at once, and no new secret is delivered.
 */
export type RotationMode = (typeof ROTATION_MODES)[number];

/** How a tenant plane's secret is rotated, in every model. */
export const SECRET_ROTATION_STEPS: Readonly<Record<RotationMode, readonly string[]>> = deepFreeze({
  routine: ['mint-next-secret', 'await-next-secret', 'revoke-old-secret'],
  compromised: ['await-reenrolment'],
});
