import { type TenantPlaneSchemas } from '@atlas/web';
import { SEVERITIES, type Severity } from '../incidents/incident';
import { type Span, minutesOf, spanOf } from './spans';

export type Policy = TenantPlaneSchemas['schemas']['SlaPolicyView'];

export const TARGETS = ['response', 'resolution'] as const;
type Target = (typeof TARGETS)[number];

type PolicyForm = Readonly<Record<Severity, Readonly<Record<Target, Span>>>>;

export function formOf(policy: Policy): PolicyForm {
  const rowOf = (severity: Severity) => ({
    response: spanOf(policy[severity].response_minutes),
    resolution: spanOf(policy[severity].resolution_minutes),
  });
  return { P1: rowOf('P1'), P2: rowOf('P2'), P3: rowOf('P3'), P4: rowOf('P4'), P5: rowOf('P5') };
}

/** Null while something that is entered is no length of time. */
export function policyOf(form: PolicyForm): Policy | null {
  const rows = SEVERITIES.map((severity) => {
    const response = minutesOf(form[severity].response);
    const resolution = minutesOf(form[severity].resolution);
    if (response === null || resolution === null) return null;
    return [severity, { response_minutes: response, resolution_minutes: resolution }] as const;
  });
  return rows.every((row) => row !== null) ? (Object.fromEntries(rows) as Policy) : null;
}
