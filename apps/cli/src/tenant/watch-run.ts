import { setTimeout as delay } from 'node:timers/promises';
import { type Json } from '@atlas/platform';
import { type RunStatus, type RunView } from '@atlas/tenant-api/automation';
import { EXIT } from '../failure';
import { onOneLine } from '../text';
import { type TenantCommand, idOf } from './tenant-command';

const PAUSE_MS = 1000;
const ENDS: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled'];

export const RUNS_WATCH: TenantCommand = {
  name: 'runs watch',
  group: 'Runbooks and runs',
  summary: 'Watch the steps of a run until it ends',
  about:
    'Shows each change of a run until it ends. Ctrl-C stops watching, not the run. Exits with 0 only if the ' +
    'run succeeded.',
  operand: idOf('a run'),
  examples: ['runs watch <id>'],
  options: [],
  async run({ client, operand, terminal, signal, isJson }) {
    let shown: readonly string[] = [];
    for (;;) {
      const run = await client.ask('GET /api/automation/jobs/:id', operand, {});
      const lines = linesOf(run);
      const news = lines.filter((line) => !shown.includes(line));
      if (isJson && news.length > 0) terminal.out(`${JSON.stringify(run)}\n`);
      if (!isJson) terminal.out(news.join(''));
      shown = lines;
      if (ENDS.includes(run.status)) return run.status === 'succeeded' ? EXIT.done : EXIT.failed;
      await delay(PAUSE_MS, undefined, { signal });
    }
  },
};

/** One line for the run, and one for each step that has begun. */
function linesOf({ status, steps }: Json<RunView>): readonly string[] {
  const begun = steps.filter((step) => step.status !== 'pending');
  const texts = begun.map((step) => {
    const exit = step.exit_code === null ? '' : ` (exit code ${step.exit_code})`;
    return onOneLine(`  ${step.name}: ${step.status}${exit}${step.error ? `, ${step.error.detail}` : ''}`);
  });
  return [...texts, `The run is ${status}.`].map((text) => `${text}\n`);
}
