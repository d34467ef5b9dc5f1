import { type OperatorView } from '../control-plane/views';
import { type Column } from '../text';
import { LIMIT, showList } from './list-output';
import { type OperatorCommand } from './operator-command';

const COLUMNS: readonly Column<OperatorView>[] = [
  { title: 'email', of: ({ email }) => email },
  { title: 'role', of: ({ role }) => role },
  { title: 'state', of: ({ disabled_at: disabledAt }) => (disabledAt === null ? 'active' : 'disabled') },
  { title: 'signs in with', of: waysIn },
  { title: 'name', of: ({ name }) => name },
  { title: 'since', of: ({ created_at: createdAt }) => createdAt },
  { title: 'id', of: ({ id }) => id },
];

export const OPERATORS: OperatorCommand = {
  name: 'operators',
  group: 'Operators and keys',
  summary: 'List operators: role, state, how they sign in',
  examples: ['operators'],
  options: [LIMIT],
  run(call) {
    return showList(call, COLUMNS, call.client.list('GET /api/operators'), { what: 'operators' });
  },
};

function waysIn({ has_password: hasPassword, single_sign_on: provider }: OperatorView): string {
  const ways = [...(hasPassword ? ['password'] : []), ...(provider ? [provider.issuer] : [])];
  return ways.join(', ') || 'nothing yet';
}
