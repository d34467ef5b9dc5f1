import {
  CELL_DRAIN_STEPS,
  PROFILES,
  REOPENING_STEPS,
  SECRET_ROTATION_STEPS,
  UPGRADE_STEPS,
  UPGRADE_WAVE_STEPS,
} from '@atlas/deployment-profiles';
import { type StepRegistry } from '@atlas/jobs';

/** The names of all steps that an operation takes in any deployment model. */
const STEP_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(PROFILES).flatMap(({ provisioning, lifecycle }) => [
    ...provisioning.steps,
    ...Object.values(lifecycle).flat(),
  ]),
  ...Object.values(SECRET_ROTATION_STEPS).flat(),
  ...Object.values(UPGRADE_STEPS).flat(),
  ...UPGRADE_WAVE_STEPS,
  ...CELL_DRAIN_STEPS,
  ...REOPENING_STEPS,
]);

/** @throws Error when an operation names a step that is not registered, or none names one that is. */
export function requireSteps(registry: StepRegistry): void {
  for (const name of STEP_NAMES) registry.get(name);
  const unused = registry.names().find((name) => !STEP_NAMES.has(name));
  if (unused !== undefined) throw new Error(`No operation takes the step ${unused}.`);
}
