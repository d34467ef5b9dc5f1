import { type AiProviderView } from '../control-plane/views';
import { EXIT } from '../failure';
import { type Column, tableText } from '../text';
import { inOptions } from './in-options';
import { showList } from './list-output';
import { type OperatorCall, type OperatorCommand } from './operator-command';
import { SUBJECTS } from './operations/operation';
import { findTenant } from './subject';
import { MONTH } from './usage.command';

const group = 'AI';

const COLUMNS: readonly Column<AiProviderView>[] = [
  { title: 'order', of: ({ order }) => order },
  { title: 'name', of: ({ name }) => name },
  { title: 'state', of: ({ enabled }) => (enabled ? 'on' : 'disabled') },
  { title: 'kind', of: ({ kind }) => kind },
  { title: 'key', of: ({ has_key: hasKey }) => (hasKey ? 'stored' : 'none') },
  { title: 'thinking', of: ({ reasoning_tokens: tokens }) => tokens },
  { title: 'models', of: modelsText },
  { title: 'base url', of: ({ base_url: baseUrl }) => baseUrl },
  { title: 'id', of: ({ id }) => id },
];

export const AI_PROVIDERS: OperatorCommand = {
  name: 'ai-providers list',
  group,
  summary: 'List the AI providers in the order in which they are asked',
  examples: ['ai-providers list'],
  options: [],
  run: async (call) => {
    const { items } = await call.client.call('GET /api/ai/providers');
    return showList(call, COLUMNS, items, { what: 'AI providers' });
  },
};

export const AI_USAGE: OperatorCommand = {
  name: 'ai-usage',
  group,
  summary: 'Show the AI credits and tokens that a tenant has used in a month',
  operand: SUBJECTS.tenant,
  examples: ['ai-usage acme', 'ai-usage acme --month 2026-11'],
  options: [MONTH],
  run: (call) =>
    showUsage(call).catch((error: unknown) => {
      throw inOptions(error, [MONTH]);
    }),
};

async function showUsage({ client, operand, values, terminal, isJson }: OperatorCall): Promise<number> {
  const { id } = await findTenant(client, operand);
  const month = values['month'] as string | undefined;
  const usage = await client.call('GET /api/ai/usage', { query: { tenant_id: id, month } });
  const rows = [
    { what: 'month', amount: usage.month },
    { what: 'credits used', amount: `${usage.credits_used} of ${usage.credits_limit}` },
    { what: 'credits reserved', amount: usage.credits_reserved },
    { what: 'tokens of questions', amount: usage.prompt_tokens },
    { what: 'tokens of answers', amount: usage.completion_tokens },
    { what: 'tokens lost with a process', amount: usage.lost_tokens },
    { what: 'questions', amount: usage.questions },
    { what: 'questions counted by length', amount: usage.estimated_questions },
  ];
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { title: 'what', of: ({ what }) => what },
    { title: 'amount', of: ({ amount }) => amount },
  ];
  terminal.out(isJson ? `${JSON.stringify(usage)}\n` : tableText(columns, rows));
  return EXIT.done;
}

function modelsText({ models }: AiProviderView): string {
  return Object.entries(models)
    .filter(([, names]) => names.length > 0)
    .map(([plan, names]) => `${plan}=${names.join(',')}`)
    .join(';');
}
