import { type Json } from '@atlas/platform';
import { type SloStatusView } from '@atlas/tenant-api/slos';
import { EXIT } from '../failure';
import { factsText, tableText } from '../text';
import { type TenantCommand, idOf, lists, sends } from './tenant-command';

const group = 'Service level objectives';
const operand = idOf('an objective', 'slos list');

export const SLO_COMMANDS: readonly TenantCommand[] = [
  lists('GET /api/slos', 'objectives', {
    name: 'slos list',
    group,
    summary: 'List service level objectives, newest first',
    examples: ['slos list', 'slos list --service checkout'],
    options: [
      { name: 'service', value: '<service>', field: 'service', text: 'only this service' },
      { name: 'item', value: '<id>', field: 'ci_id', text: 'only those of this configuration item' },
    ],
    columns: [
      { title: 'name', of: ({ name }) => name },
      { title: 'service', of: ({ service }) => service },
      { title: 'objective', of: ({ objective }) => objective },
      { title: 'days', of: ({ window_days: days }) => days },
      { title: 'indicator', of: ({ indicator }) => indicator.kind },
      { title: 'problem', of: ({ indicator_error: error }) => error?.code },
      { title: 'id', of: ({ id }) => id },
    ],
  }),
  sends('GET /api/slos/:id/status', {
    name: 'slos status',
    group,
    summary: 'Show how much of the error budget is spent, and how fast',
    operand,
    examples: ['slos status <id>'],
    text: statusText,
  }),
  sends('POST /api/slos/import', {
    name: 'slos import',
    group,
    summary: 'Create an objective from an OpenSLO document',
    examples: ['slos import --file checkout.yaml'],
    options: [
      {
        name: 'file',
        value: '<file>',
        field: 'document',
        isFile: true,
        isRequired: true,
        text: 'OpenSLO v1 document (YAML)',
      },
    ],
  }),
  {
    name: 'slos export',
    group,
    summary: 'Show an objective as an OpenSLO document',
    operand,
    examples: ['slos export <id>', 'slos export <id> > checkout.yaml'],
    options: [],
    async run({ client, operand: id, terminal, isJson }) {
      const document = await client.text('GET /api/slos/:id/openslo', id);
      terminal.out(isJson ? `${JSON.stringify({ document })}\n` : document);
      return EXIT.done;
    },
  },
];

function statusText(status: Json<SloStatusView>): string {
  const { state, objective, good, total, attainment, budget, burn_rates: rates } = status;
  const facts = factsText([
    ['state', state],
    ['objective', percent(objective)],
    [
      'attained',
      attainment === null ? null : `${percent(attainment)}: ${rounded(good)} of ${rounded(total)} events`,
    ],
    [
      'budget',
      `${percent(budget.remaining_ratio)} left: ` +
        `${rounded(budget.spent)} of ${rounded(budget.total)} bad events`,
    ],
  ]);
  const table = tableText(
    [
      { title: 'opens', of: ({ severity }) => (severity === 'page' ? 'P2' : 'P3') },
      { title: 'above', of: ({ factor }) => factor },
      { title: 'windows', of: ({ long, short }) => `${long} and ${short}` },
      { title: 'burn rates', of: (rate) => `${rounded(rate.long_rate)} and ${rounded(rate.short_rate)}` },
      { title: 'fires', of: ({ firing }) => (firing ? 'yes' : 'no') },
    ],
    rates,
  );
  return `${facts}\n${table}`;
}

function percent(ratio: number): string {
  return `${rounded(ratio * 100)} %`;
}

/** Six digits are enough for people; `--json` shows all. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
