import { type Json } from '@atlas/platform';
import { type RunPlanView, type RunStepView, type RunView } from '@atlas/tenant-api/automation';
import { type Column, factsText, tableText } from '../text';
import { indented } from './indented';
import { valueText, viewText } from './view-text';
import { queueText, waitText } from './wait-text';

type Step = Json<RunStepView>;

const STEPS: readonly Column<Step>[] = [
  { title: 'step', of: ({ name }) => name },
  { title: 'kind', of: ({ kind }) => kind },
  { title: 'risk', of: ({ risk }) => risk },
  { title: 'status', of: ({ status }) => status },
  { title: 'approval', of: ({ approval }) => approval?.state },
  { title: 'exit', of: ({ exit_code: exitCode }) => exitCode },
  { title: 'finished', of: ({ finished_at: finishedAt }) => finishedAt },
  { title: 'error', of: ({ error }) => error?.detail },
];

/**
 * A run with its steps, the ends of their outputs, and what it waits for. Or what a run would do.
 * `connection`: the options for a command that is suggested.
 */
export function runText(view: Json<RunView | RunPlanView>, connection: string): string {
  if (!('id' in view)) return viewText(view);
  const { steps, ...run } = view;
  const outputs = steps.filter(({ output_tail: tail }) => tail);
  return [
    factsText([
      ['id', run.id],
      ['status', run.status],
      ['runbook', `${run.runbook_id}, version ${run.runbook_version}`],
      ['incident', run.incident_id],
      ['parameters', valueText(run.parameters)],
      ['created', run.created_at],
      ['finished', run.finished_at],
    ]),
    `\n${tableText(STEPS, steps)}`,
    ...outputs.map(({ name, output_tail: tail }) => `\nOutput of "${name}":\n${indented(tail ?? '')}`),
    ...steps.map((step) => waitText(step, run.id, connection) + queueText(step, connection)),
  ].join('');
}
