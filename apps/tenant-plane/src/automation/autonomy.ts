import { type AutomationPolicyView, type AutonomyLevel } from '@atlas/tenant-api/automation';
import { type Risk, type StepKind } from '@atlas/tenant-api/runbooks';

export const DEFAULT_POLICY: AutomationPolicyView = { level: 1, overrides: [] };

/** The level from which steps of each risk run on their own. Null: never. */
const RUNS_ALONE_FROM: Readonly<Record<Risk, AutonomyLevel | null>> = {
  low: 2,
  medium: 3,
  high: 4,
  critical: null,
};

export interface StepInQuestion {
  readonly kind: StepKind;
  readonly risk: Risk;
}

export interface Decision {
  readonly needsApproval: boolean;
  /** Says why, in a sentence. */
  readonly reason: string;
}

/** Whether a step waits for approval. `ciTypes`: the types of the items that the run's incident affects. */
export function decide(
  { kind, risk }: StepInQuestion,
  policy: AutomationPolicyView,
  ciTypes: readonly string[],
): Decision {
  if (kind === 'manual') return { needsApproval: false, reason: 'A person does this step.' };
  const from = RUNS_ALONE_FROM[risk];
  if (from === null) return { needsApproval: true, reason: 'Critical steps always wait for approval.' };
  const level = levelFor(risk, policy, ciTypes);
  return {
    needsApproval: level < from,
    reason: `The autonomy level is ${level}, and steps of ${risk} risk run on their own from level ${from}.`,
  };
}

/**
 * The level for steps of a risk. An override for a type of item replaces one for all runs, which replaces the
 * policy's level. If the incident affects several types, or several overrides are equally specific, the
 * lowest level counts.
 */
function levelFor(
  risk: Risk,
  { level, overrides }: AutomationPolicyView,
  ciTypes: readonly string[],
): AutonomyLevel {
  const lowest = (type: string | null): AutonomyLevel | undefined =>
    overrides
      .filter((override) => override.risk === risk && override.ci_type === type)
      .map((override) => override.level)
      .sort((a, b) => a - b)[0];
  const general = lowest(null) ?? level;
  const levels = ciTypes.map((type) => lowest(type) ?? general);
  return levels.sort((a, b) => a - b)[0] ?? general;
}
