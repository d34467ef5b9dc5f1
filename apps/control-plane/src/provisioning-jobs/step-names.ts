import {
  CELL_DRAIN_STEPS,
  PROFILES,
  REOPENING_STEPS,
  SECRET_ROTATION_STEPS,
  UPGRADE_STEPS,
  UPGRADE_WAVE_STEPS,
  WARM_POOL_STEPS,
} from '@atlas/deployment-profiles';
import { type StepRegistry } from '@atlas/jobs';

/** Names of all steps of all operations, in any deployment model. */
const STEP_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(PROFILES).flatMap(({ provisioning, lifecycle }) => [
    ...provisioning.steps,
    ...Object.values(lifecycle).flat(),
  ]),
  ...Object.values(SECRET_ROTATION_STEPS).flat(),
  ...Object.values(UPGRADE_STEPS).flat(),
  ...UPGRADE_WAVE_STEPS,
  ...CELL_DRAIN_STEPS,
  ...Object.values(WARM_POOL_STEPS).flat(),
  ...REOPENING_STEPS,
]);

/** @throws Error if an operation names an unregistered step, or a registered step belongs to no operation. */
export function requireSteps(registry: StepRegistry): void {
  for (const name of STEP_NAMES) registry.get(name);
  const unused = registry.names().find((name) => !STEP_NAMES.has(name));
  if (unused !== undefined) throw new Error(`Step ${unused} is registered, but no operation uses it.`);
}
