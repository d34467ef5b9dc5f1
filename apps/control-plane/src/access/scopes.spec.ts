import { OPERATOR_ROLES, SCOPES } from '@atlas/operator-api';
import { SCOPES_OF_ROLE, grantableScopes } from './scopes';

describe('operator roles', () => {
  it('limit support operators to read scopes', () => {
    expect(SCOPES_OF_ROLE.support.every((scope) => scope.endsWith(':read'))).toBe(true);
    expect(SCOPES_OF_ROLE.support).toContain('tenants:read');
  });

  it('give admins every support scope and more, but not operators:write', () => {
    expect(SCOPES_OF_ROLE.admin).toEqual(expect.arrayContaining([...SCOPES_OF_ROLE.support]));
    expect(SCOPES_OF_ROLE.admin).toContain('tenants:provision');
    expect(SCOPES_OF_ROLE.admin).not.toContain('operators:write');
  });

  it('give owners every admin scope and operators:write', () => {
    expect(SCOPES_OF_ROLE.owner).toEqual(
      expect.arrayContaining([...SCOPES_OF_ROLE.admin, 'operators:write']),
    );
  });

  it.each(OPERATOR_ROLES)('give the role %s no access to secrets', (role) => {
    expect(SCOPES_OF_ROLE[role].filter((scope) => scope.startsWith('secrets:'))).toEqual([]);
  });

  it('allow only owners to grant an API key access to secrets', () => {
    expect(grantableScopes('owner')).toEqual(SCOPES);
    expect(grantableScopes('admin')).toEqual(SCOPES_OF_ROLE.admin);
    expect(grantableScopes('support')).toEqual(SCOPES_OF_ROLE.support);
  });
});
