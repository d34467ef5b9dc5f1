import { type TenantScope } from '@atlas/persistence';
import { In } from 'typeorm';
import { RunStep } from './run-step.entity';
import { type Run } from './run.entity';

/** What people see of a step, and what its output is counted by. The config is not shown, and may be large. */
const SHOWN = {
  id: true,
  runId: true,
  position: true,
  name: true,
  kind: true,
  risk: true,
  status: true,
  approval: true,
  agentId: true,
  leaseId: true,
  exitCode: true,
  outputBytes: true,
  startedAt: true,
  finishedAt: true,
  error: true,
} as const;

export type ShownStep = Pick<RunStep, keyof typeof SHOWN>;

export interface ShownRun {
  readonly run: Run;
  /** By position. */
  readonly steps: readonly ShownStep[];
}

/** The steps of some runs, each by position. */
export function shownSteps(scope: TenantScope, runIds: readonly string[]): Promise<readonly ShownStep[]> {
  const where = { runId: In([...runIds]) };
  return scope.find(RunStep, { select: SHOWN, where, order: { position: 'ASC' } });
}
