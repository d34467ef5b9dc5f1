import { type TenantPlaneSchemas } from '@atlas/web';

type Schemas = TenantPlaneSchemas['schemas'];
export type Run = Schemas['RunView'];
export type RunStep = Schemas['RunStepView'];
export type RunStatus = Schemas['RunStatus'];

export const LONGEST_NOTE = 2000;

export function hasEnded({ status }: Run): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}

const UNDER_WAY: readonly RunStep['status'][] = ['waiting_approval', 'waiting_manual', 'queued', 'running'];

/** The step that is under way or that ended the run, with its place from 0. */
export function currentStepOf({
  status,
  steps,
}: Run): { readonly step: RunStep; readonly index: number } | null {
  const wanted: readonly RunStep['status'][] = status === 'failed' ? ['failed'] : UNDER_WAY;
  // A step that may fail can have failed before the one that ended the run.
  const index = steps.findLastIndex((step) => wanted.includes(step.status));
  const step = steps[index];
  return step ? { step, index } : null;
}
