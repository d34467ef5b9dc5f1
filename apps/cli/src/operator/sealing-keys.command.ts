import { type SealingKeyView } from '../control-plane/views';
import { type Column } from '../text';
import { showList } from './list-output';
import { type OperatorCommand } from './operator-command';

const COLUMNS: readonly Column<SealingKeyView>[] = [
  { title: 'key', of: ({ id }) => id },
  { title: 'values', of: ({ values }) => String(values) },
  { title: 'what to do', of: adviceFor },
];

export const SEALING_KEYS: OperatorCommand = {
  name: 'sealing-keys',
  group: 'Operators and keys',
  summary: 'List the keys that seal secrets, and how many values each seals',
  about: `Lists the keys that seal the Control Plane's secrets, and how many values each seals. If you put
a new key first in CONTROL_PLANE_SEALING_KEYS, every value is resealed with it. A key without values can
then be removed.`,
  examples: ['sealing-keys'],
  options: [],
  async run(call) {
    const { items } = await call.client.call('GET /api/sealing-keys');
    return showList(call, COLUMNS, items, { what: 'keys' });
  },
};

function adviceFor({ seals, is_known: isKnown, values }: SealingKeyView): string {
  if (!isKnown) return 'missing: add it to CONTROL_PLANE_SEALING_KEYS';
  if (seals) return 'seals new values';
  return values > 0 ? 'keep: its values are being resealed' : 'can be removed';
}
