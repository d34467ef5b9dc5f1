import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api';
import { type Risk, type StepKind } from './runbook';

export type Policy = TenantPlaneSchemas['schemas']['AutomationPolicyView'];
export type Level = TenantPlaneSchemas['schemas']['AutonomyLevel'];

export const POLICY = ['automation-policy'] as const;
export const LEVELS: readonly Level[] = [0, 1, 2, 3, 4, 5];

/** The level from which steps of each risk run on their own. Null: never. */
const RUNS_ALONE_FROM: Readonly<Record<Risk, Level | null>> = {
  low: 2,
  medium: 3,
  high: 4,
  critical: null,
};

export function runsAlone(risk: Risk, level: Level): boolean {
  const from = RUNS_ALONE_FROM[risk];
  return from !== null && level >= from;
}

export function usePolicy() {
  return useQuery({
    queryKey: POLICY,
    queryFn: () => bodyOf(api.GET('/api/automation/policy')),
  });
}

/** What the policy does with a step, unless an incident's items have an override. */
export function approvalTextOf(kind: StepKind, risk: Risk, policy: Policy | undefined): string | undefined {
  if (kind === 'manual') return 'Waits until a person has done it.';
  if (!policy) return undefined;
  const general = policy.overrides
    .filter((one) => one.risk === risk && one.ci_type === null)
    .map(({ level }) => level);
  const level = general.length > 0 ? general.reduce((a, b) => (a < b ? a : b)) : policy.level;
  return runsAlone(risk, level) ? 'Runs on its own.' : 'Waits for approval.';
}
