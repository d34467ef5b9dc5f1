import { type TenantPlaneSchemas } from '@atlas/web';

type Schemas = TenantPlaneSchemas['schemas'];
export type Runbook = Schemas['RunbookView'];
export type RunbookSummary = Schemas['RunbookSummaryView'];
export type RunbookStep = Schemas['RunbookStepView'];
export type Parameter = Schemas['ParameterView'];
export type NewRunbook = Schemas['RunbookDto'];
export type NewStep = Schemas['RunbookStepDto'];
export type StepKind = Schemas['StepKind'];
export type Risk = Schemas['Risk'];
export type Config = Readonly<Record<string, unknown>>;

export const STEP_KINDS: readonly StepKind[] = ['manual', 'http', 'shell'];
export const RISKS: readonly Risk[] = ['low', 'medium', 'high', 'critical'];
export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Who does a step of each kind. */
export const KIND_TEXTS: Readonly<Record<StepKind, string>> = {
  manual: 'Manual: a person does it',
  http: 'HTTP: Atlas sends a request',
  shell: 'Shell: an agent runs a command',
};

/** Such headers usually contain a credential, which is stored encrypted and never shown. */
export function isCredentialHeader(name: string): boolean {
  return (
    /auth|cookie|token|secret|passw|credential|api-?key|(^|-)key$|signature|session|jwt/i.test(name) &&
    !/idempotency-key$/i.test(name)
  );
}

/** Whether only admins other than the requester may approve the step. */
export function isRisky(risk: Risk): boolean {
  return risk === 'high' || risk === 'critical';
}
