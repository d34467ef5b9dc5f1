import { type ApiKeyView } from '../control-plane/views';
import { type Column } from '../text';
import { LIMIT, showList } from './list-output';
import { type OperatorCommand } from './operator-command';

const COLUMNS: readonly Column<ApiKeyView>[] = [
  { title: 'id', of: ({ id }) => id },
  { title: 'name', of: ({ name }) => name },
  { title: 'last used', of: ({ last_used_at: lastUsedAt }) => lastUsedAt ?? 'never' },
  { title: 'expires', of: ({ expires_at: expiresAt }) => expiresAt },
  { title: 'revoked', of: ({ revoked_at: revokedAt }) => revokedAt },
  { title: 'operator', of: ({ operator_id: operatorId }) => operatorId },
  { title: 'created by', of: ({ parent_id: parentId }) => parentId },
  { title: 'scopes', of: ({ scopes }) => scopes.join(' ') },
];

export const API_KEYS: OperatorCommand = {
  name: 'api-keys',
  group: 'Operators and keys',
  summary: 'List API keys: scopes, last use, expiry',
  examples: ['api-keys'],
  options: [{ ...LIMIT, text: 'maximum number of keys' }],
  run(call) {
    return showList(call, COLUMNS, call.client.list('GET /api/api-keys'), { what: 'API keys' });
  },
};
