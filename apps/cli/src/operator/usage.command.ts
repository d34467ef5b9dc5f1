import { type UsageOfDay } from '@atlas/operator-api';
import { EXIT } from '../failure';
import { type Option } from '../options';
import { tableText } from '../text';
import { inOptions } from './in-options';
import { SUBJECTS } from './operations/operation';
import { type OperatorCall, type OperatorCommand } from './operator-command';
import { findTenant } from './subject';

export const MONTH: Option = {
  name: 'month',
  value: '<YYYY-MM>',
  field: 'month',
  text: 'a month in UTC',
  default: 'the current month',
};

export const USAGE: OperatorCommand = {
  name: 'usage',
  group: 'Plans and usage',
  summary: 'Show what a tenant has used, by day and in total',
  operand: SUBJECTS.tenant,
  examples: ['usage acme', 'usage acme --month 2026-11'],
  options: [MONTH],
  run: (call) =>
    show(call).catch((error: unknown) => {
      throw inOptions(error, [MONTH]);
    }),
};

async function show({ client, operand, values, terminal, isJson }: OperatorCall): Promise<number> {
  const { id, slug } = await findTenant(client, operand);
  const month = values['month'] as string | undefined;
  const view = await client.call('GET /api/tenants/:id/usage', { path: { id }, query: { month } });
  const text =
    view.days.length === 0
      ? `The tenant plane of ${slug} has reported no usage for ${view.month}.\n`
      : usageText(view.days, view.total);
  terminal.out(isJson ? `${JSON.stringify(view)}\n` : text);
  return EXIT.done;
}

function usageText(days: readonly UsageOfDay[], total: UsageOfDay['amounts']): string {
  const meters = Object.keys(total).sort();
  return tableText(
    [
      { title: 'day', of: ({ day }) => day },
      ...meters.map((meter) => ({
        title: meter.replaceAll('_', ' '),
        of: ({ amounts }: UsageOfDay) => amounts[meter],
      })),
    ],
    [...days, { day: 'total', amounts: total }],
  );
}
