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
  summary: 'list the keys that secrets are sealed with, and how many each seals',
  about: `Lists the keys that secrets are sealed with at the Control Plane, and how many values each seals. After a new key was put
in front of CONTROL_PLANE_SEALING_KEYS everything is sealed anew with it by itself; what has no value left can go.`,
  options: [],
  async run(call) {
    const { items } = await call.client.get<{ items: readonly SealingKeyView[] }>('/api/sealing-keys');
    return showList(call, COLUMNS, items, { what: 'keys' });
  },
};

function adviceFor({ seals, is_known: isKnown, values }: SealingKeyView): string {
  if (!isKnown) return 'missing: add it to CONTROL_PLANE_SEALING_KEYS';
  if (seals) return 'seals what is new';
  return values > 0 ? 'keep it: its values are sealed anew' : 'can be removed';
}
