import { EXIT } from '../failure';
import { type TenantCommand, idOf, lists, sends } from './tenant-command';

const group = 'Service level objectives';
const operand = idOf('an objective');

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
