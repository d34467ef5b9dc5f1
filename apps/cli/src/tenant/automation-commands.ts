import { type Option } from '../options';
import { RUN_STATUSES } from './choices';
import { pairLines, pairs } from './option-values';
import { REVOKE_NOW, type TenantCommand, idOf, lists, makesKey, sends } from './tenant-command';
import { runText } from './run-text';
import { RUNS_WATCH } from './watch-run';

const group = 'Runbooks and runs';
const run = idOf('a run', 'runs list');

const NOTE: Option = { name: 'note', value: '<text>', field: 'note', text: 'a note for the audit trail' };
const STEP: Option = {
  name: 'step',
  value: '<name>',
  field: 'step',
  text: 'name of the step',
  isRequired: true,
};

export const RUNBOOK_COMMANDS: readonly TenantCommand[] = [
  lists('GET /api/runbooks', 'runbooks', {
    name: 'runbooks list',
    group,
    summary: 'List runbooks, newest first',
    examples: ['runbooks list'],
    columns: [
      { title: 'name', of: ({ name }) => name },
      { title: 'version', of: ({ version }) => version },
      { title: 'updated', of: ({ updated_at: updatedAt }) => updatedAt },
      { title: 'id', of: ({ id }) => id },
    ],
  }),
  sends('POST /api/runbooks/:id/runs', {
    name: 'runbooks run',
    group,
    summary: 'Start a run of a runbook, or show what it would do',
    operand: idOf('a runbook', 'runbooks list'),
    examples: ['runbooks run <id> --parameters host=web-2 --dry-run', 'runbooks run <id> --incident <id>'],
    options: [
      {
        name: 'parameters',
        value: '<values>',
        field: 'parameters',
        parse: pairs,
        text: '<name>=<value>, separated by commas',
      },
      {
        name: 'parameters-file',
        value: '<file>',
        field: 'parameters',
        isFile: true,
        parse: pairLines,
        text: 'file with more of them, one per line; for secret values',
      },
      { name: 'incident', value: '<id>', field: 'incident_id', text: 'the incident that the run is for' },
      { name: 'dry-run', field: 'dry_run', text: 'show the steps without running anything' },
    ],
    text: runText,
  }),
  lists('GET /api/automation/jobs', 'runs', {
    name: 'runs list',
    group,
    summary: 'List runs, newest first',
    examples: ['runs list --status waiting_approval'],
    options: [
      { name: 'status', value: '<status>', field: 'status', text: 'only this status', choices: RUN_STATUSES },
      { name: 'incident', value: '<id>', field: 'incident_id', text: 'only those for this incident' },
    ],
    columns: [
      { title: 'status', of: ({ status }) => status },
      { title: 'step', of: ({ steps }) => steps.find(({ status }) => status !== 'succeeded')?.name },
      { title: 'created', of: ({ created_at: createdAt }) => createdAt },
      { title: 'finished', of: ({ finished_at: finishedAt }) => finishedAt },
      { title: 'incident', of: ({ incident_id: incidentId }) => incidentId },
      { title: 'id', of: ({ id }) => id },
    ],
  }),
  sends('GET /api/automation/jobs/:id', {
    name: 'runs show',
    group,
    summary: 'Show a run, its steps and their output',
    operand: run,
    examples: ['runs show <id>'],
    text: runText,
  }),
  RUNS_WATCH,
  sends('POST /api/automation/jobs/:id/approve', {
    name: 'runs approve',
    group,
    summary: 'Approve a step that waits for approval',
    operand: run,
    examples: ['runs approve <id> --step "Restart nginx" --note "No sessions left"'],
    options: [STEP, NOTE],
    text: runText,
  }),
  sends('POST /api/automation/jobs/:id/reject', {
    name: 'runs reject',
    group,
    summary: 'Reject a step that waits for approval, which ends the run',
    operand: run,
    examples: ['runs reject <id> --step "Restart nginx" --note "Not during the sale"'],
    options: [STEP, NOTE],
    text: runText,
  }),
  sends('POST /api/automation/jobs/:id/complete', {
    name: 'runs complete',
    group,
    summary: 'Say that a manual step is done',
    operand: run,
    examples: ['runs complete <id> --note "Checked with the browser"'],
    options: [{ ...STEP, isRequired: false, default: 'the step that waits' }, NOTE],
    text: runText,
  }),
  sends('POST /api/automation/jobs/:id/cancel', {
    name: 'runs cancel',
    group,
    summary: 'Cancel a run',
    operand: run,
    examples: ['runs cancel <id>'],
    options: [NOTE],
    text: runText,
  }),
  sends('POST /api/automation/jobs/:id/retry', {
    name: 'runs retry',
    group,
    summary: 'Continue a failed run with the step that failed',
    operand: run,
    examples: ['runs retry <id> --note "The disk has space again"'],
    options: [NOTE],
    text: runText,
  }),
];

const agent = idOf('an agent', 'agents list');

export const AGENT_COMMANDS: readonly TenantCommand[] = [
  lists('GET /api/agents', 'agents', {
    name: 'agents list',
    group: 'Agents',
    summary: 'List agents: state, version, labels',
    examples: ['agents list'],
    columns: [
      { title: 'name', of: ({ name }) => name },
      { title: 'state', of: ({ state }) => state },
      { title: 'version', of: ({ version }) => version },
      { title: 'host', of: ({ hostname }) => hostname },
      { title: 'last contact', of: ({ last_contact_at: lastContactAt }) => lastContactAt },
      {
        title: 'labels',
        of: ({ labels }) =>
          Object.entries(labels)
            .map((pair) => pair.join('='))
            .join(' '),
      },
      { title: 'id', of: ({ id }) => id },
    ],
  }),
  makesKey('POST /api/agents', {
    name: 'agents create',
    group: 'Agents',
    summary: 'Create an agent, and show its key',
    examples: ['agents create --name ops-1', 'agents create --name ops-1 --labels site=fra-1,role=web'],
    options: [
      { name: 'name', value: '<name>', field: 'name', text: 'its name', isRequired: true },
      {
        name: 'labels',
        value: '<labels>',
        field: 'labels',
        parse: pairs,
        text: 'which steps it may run; if missing, the agent chooses',
      },
    ],
    keyOf: ({ key }) => key,
    hint: ({ agent: { name, id } }) => `The agent ${name} (${id}) signs in with it.`,
  }),
  makesKey('POST /api/agents/:id/rotate-key', {
    name: 'agents rotate-key',
    group: 'Agents',
    summary: 'Replace the key of an agent; the old key works for another day',
    operand: agent,
    examples: ['agents rotate-key <id>', 'agents rotate-key <id> --revoke-now'],
    options: [REVOKE_NOW],
    keyOf: ({ key }) => key,
    hint: ({ agent: { name } }) => `Enrol the agent ${name} with it.`,
  }),
  sends('DELETE /api/agents/:id', {
    name: 'agents delete',
    group: 'Agents',
    summary: 'Delete an agent; its key stops working at once',
    operand: agent,
    examples: ['agents delete <id>'],
    done: 'Deleted the agent.',
  }),
];
