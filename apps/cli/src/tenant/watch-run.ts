import { setTimeout as delay } from 'node:timers/promises';
import { type Json } from '@atlas/platform';
import { type RunStepView, type RunView } from '@atlas/tenant-api/automation';
import { EXIT } from '../failure';
import { type ServerEvent } from '../control-plane/event-stream';
import { connectionOf } from '../operator/connection';
import { note } from '../operator/note';
import { isTransient } from '../operator/watch-job';
import { onOneLine } from '../text';
import { indented } from './indented';
import { type TenantClient } from '../tenant-client/tenant-client';
import { type TenantCommand, idOf } from './tenant-command';
import { waitText } from './wait-text';

const PAUSE_MS = 500;
/** How often to connect again without having received anything in between. */
const MAX_DROPS = 10;

export const RUNS_WATCH: TenantCommand = {
  name: 'runs watch',
  group: 'Runbooks and runs',
  summary: 'Watch the steps of a run and their output until it ends',
  about: `Shows each change of a run, and the output of its steps, until it ends. Ctrl-C stops watching, not
the run. Exits with 0 only if the run succeeded.`,
  operand: idOf('a run', 'runs list'),
  examples: ['runs watch <id>'],
  options: [],
  async run({ client, operand, values, terminal, signal, isJson }) {
    const shown = new Set<string>();
    let lastId: string | undefined;
    for (let drops = 0; ; drops += 1) {
      let reason: unknown = new Error('The connection was closed.');
      try {
        for await (const event of client.events('GET /api/automation/jobs/:id/events', operand, lastId)) {
          [lastId, drops] = [event.id ?? lastId, 0];
          const text = isJson ? jsonOf(event) : await textOf(client, event, operand, connectionOf(values));
          // After a new connection, all steps are sent again. Output is not, and may repeat itself.
          if (event.type === 'output' || !shown.has(text)) terminal.out(text);
          shown.add(text);
          if (event.type === 'done') return isSuccess(event) ? EXIT.done : EXIT.failed;
        }
      } catch (error) {
        if (!isTransient(error)) throw error;
        reason = error;
      }
      if (drops >= MAX_DROPS) throw reason;
      note({ terminal, isJson }, 'The connection was lost. Connecting again.');
      await delay(PAUSE_MS * (drops + 1), undefined, { signal });
    }
  },
};

function isSuccess({ data }: ServerEvent): boolean {
  return (data as Json<RunView>).status === 'succeeded';
}

function jsonOf({ type, data }: ServerEvent): string {
  return `${JSON.stringify({ event: type, ...(data as object) })}\n`;
}

async function textOf(
  client: TenantClient,
  { type, data }: ServerEvent,
  runId: string,
  connection: string,
): Promise<string> {
  if (type === 'output') return indented((data as { readonly text: string }).text);
  if (type === 'done') return `${endText(data as Json<RunView>)}\n`;
  const step = data as Json<RunStepView>;
  const { name, status, exit_code: exitCode, error } = step;
  const exit = exitCode === null ? '' : ` (exit code ${exitCode})`;
  const change = onOneLine(`${name}: ${status}${exit}${error ? `, ${error.detail}` : ''}`);
  return `${change}\n${await waitTextOf(client, step, runId, connection)}`;
}

/** Events do not contain what a step does. */
async function waitTextOf(
  client: TenantClient,
  step: Json<RunStepView>,
  runId: string,
  connection: string,
): Promise<string> {
  if (!step.status.startsWith('waiting_')) return '';
  const { steps } = await client.ask('GET /api/automation/jobs/:id', runId, {});
  return waitText(
    { ...step, config: steps.find(({ name }) => name === step.name)?.config ?? null },
    runId,
    connection,
  );
}

function endText({ status }: Json<RunView>): string {
  return status === 'cancelled' ? 'The run was cancelled.' : `The run has ${status}.`;
}
