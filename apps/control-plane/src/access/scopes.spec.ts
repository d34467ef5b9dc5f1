import { OPERATOR_ROLES, SCOPES } from '@atlas/operator-api';
import { SCOPES_OF_ROLE, grantableScopes } from './scopes';

describe('the scopes of a role', () => {
  it('support can only read', () => {
    expect(SCOPES_OF_ROLE.support.every((scope) => scope.endsWith(':read'))).toBe(true);
    expect(SCOPES_OF_ROLE.support).toContain('tenants:read');
  });

  it('admin has all of support, and may not make operators', () => {
    expect(SCOPES_OF_ROLE.admin).toEqual(expect.arrayContaining([...SCOPES_OF_ROLE.support]));
    expect(SCOPES_OF_ROLE.admin).toContain('tenants:provision');
    expect(SCOPES_OF_ROLE.admin).not.toContain('operators:write');
  });

  it('owner has all of admin, and makes operators', () => {
    expect(SCOPES_OF_ROLE.owner).toEqual(
      expect.arrayContaining([...SCOPES_OF_ROLE.admin, 'operators:write']),
    );
  });

  it.each(OPERATOR_ROLES)('%s reads no secret by role', (role) => {
    expect(SCOPES_OF_ROLE[role].filter((scope) => scope.startsWith('secrets:'))).toEqual([]);
  });

  it('only an owner can give a key the right to secrets', () => {
    expect(grantableScopes('owner')).toEqual(SCOPES);
    expect(grantableScopes('admin')).toEqual(SCOPES_OF_ROLE.admin);
    expect(grantableScopes('support')).toEqual(SCOPES_OF_ROLE.support);
  });
});
