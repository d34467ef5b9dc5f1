import { type PlanSpecView } from '@atlas/operator-api';
import { LIMITS } from '@atlas/tenancy';
import { type Column } from '../text';
import { showList } from './list-output';
import { type OperatorCommand } from './operator-command';

const COLUMNS: readonly Column<PlanSpecView>[] = [
  { title: 'plan', of: ({ key }) => key },
  ...LIMITS.map((limit) => ({
    title: limit.replaceAll('_', ' '),
    of: ({ limits }: PlanSpecView) => limits[limit],
  })),
  { title: 'modules', of: ({ modules }) => modules.join(' ') },
];

export const PLANS: OperatorCommand = {
  name: 'plans',
  group: 'Plans and usage',
  summary: 'List the plans with their limits and modules',
  examples: ['plans'],
  options: [],
  async run(call) {
    return showList(call, COLUMNS, await call.client.call('GET /api/plans'), { what: 'plans' });
  },
};
