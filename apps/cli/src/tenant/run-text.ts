import { type Json } from '@atlas/platform';
import { type RunPlanView, type RunStepView, type RunView } from '@atlas/tenant-api/automation';
import { type Column, factsText, tableText } from '../text';
import { viewText } from './view-text';

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

/** A run with its steps and the ends of their outputs, or what a run would do. */
export function runText(view: Json<RunView | RunPlanView>): string {
  if (!('id' in view)) return viewText(view);
  const { steps, ...run } = view;
  const outputs = steps.filter(({ output_tail: tail }) => tail);
  return [
    factsText([
      ['id', run.id],
      ['status', run.status],
      ['runbook', `${run.runbook_id}, version ${run.runbook_version}`],
      ['incident', run.incident_id],
      ['created', run.created_at],
      ['finished', run.finished_at],
    ]),
    `\n${tableText(STEPS, steps)}`,
    ...outputs.map(({ name, output_tail: tail }) => `\nOutput of "${name}":\n${indented(tail ?? '')}`),
  ].join('');
}

/** Output may contain control characters, which must not reach the terminal. */
function indented(output: string): string {
  const lines = output.replace(/\n$/, '').split('\n');
  return lines.map((line) => `  ${line.replaceAll(/[^\P{Cc}\t]/gu, ' ')}\n`).join('');
}
