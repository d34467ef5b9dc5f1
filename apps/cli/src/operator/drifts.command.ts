import { type DriftView } from '../control-plane/views';
import { type Column } from '../text';
import { LIMIT, showList } from './list-output';
import { type OperatorCall, type OperatorCommand } from './operator-command';

const COLUMNS: readonly Column<DriftView>[] = [
  { title: 'kind', of: ({ kind }) => kind },
  { title: 'since', of: ({ first_seen_at: firstSeenAt }) => firstSeenAt },
  { title: 'until', of: ({ resolved_at: resolvedAt }) => resolvedAt },
  {
    title: 'repaired',
    of: ({ repaired, resolved_at: at }) => (at === null ? null : repaired ? 'by Atlas' : 'no'),
  },
  { title: 'what to do', of: ({ detail }) => detail },
];
const OPEN = COLUMNS.filter(({ title }) => title !== 'until' && title !== 'repaired');

export const DRIFTS: OperatorCommand = {
  name: 'drifts',
  group: 'Audit and drift',
  summary: 'List differences between the records and reality, newest first',
  examples: ['drifts', 'drifts --all --limit 20'],
  options: [{ name: 'all', text: 'include resolved ones' }, LIMIT],
  run: (call) => (call.values['all'] ? showDrifts(call, COLUMNS, {}) : showOpenDrifts(call)),
};

export function showOpenDrifts(call: OperatorCall): Promise<number> {
  return showDrifts(call, OPEN, { resolved: 'false' });
}

function showDrifts(
  call: OperatorCall,
  columns: readonly Column<DriftView>[],
  query: Readonly<Record<string, string>>,
): Promise<number> {
  return showList(call, columns, call.client.list('GET /api/drifts', query), { what: 'drifts' });
}
