import { USER_ROLES, type UserRole } from '@atlas/tenant-api/users';
import { includes, requirePermission } from './permission';

describe('a permission', () => {
  it.each([
    ['admin', 1],
    ['operator', 2],
    ['fulfiller', 3],
    ['requester', 4],
  ] as const)('whose lowest role is %s is included in that role and every role above it', (from, count) => {
    const roles = USER_ROLES.filter((role) => includes(role, { name: 'things:read', from }));
    expect(roles).toEqual(['admin', 'operator', 'fulfiller', 'requester'].slice(0, count));
  });

  it('is not included in an unknown role', () => {
    // A row may contain a role that the type does not allow.
    const unknown = 'owner' as UserRole;
    expect(includes(unknown, { name: 'things:read', from: 'requester' })).toBe(false);
  });

  it('is named in the error message for a user who lacks it', () => {
    const permission = { name: 'things:write', from: 'operator' } as const;
    expect(() => requirePermission('fulfiller', permission)).toThrow(
      'Your role (fulfiller) does not include the permission things:write.',
    );
    expect(() => requirePermission('operator', permission)).not.toThrow();
  });
});
