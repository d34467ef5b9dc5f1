import { USER_ROLES } from '@atlas/tenant-api';
import { PERMISSIONS, PERMISSIONS_OF_ROLE } from './permissions';

describe('permissions', () => {
  it('are all granted to admins, and listed for every role', () => {
    expect(PERMISSIONS_OF_ROLE.admin).toEqual(PERMISSIONS);
    expect(Object.keys(PERMISSIONS_OF_ROLE)).toEqual([...USER_ROLES]);
  });

  it('grow from role to role', () => {
    const [admin, operator, fulfiller, requester] = USER_ROLES.map((role) => PERMISSIONS_OF_ROLE[role]);
    expect(admin).toEqual(expect.arrayContaining([...(operator ?? [])]));
    expect(operator).toEqual(expect.arrayContaining([...(fulfiller ?? [])]));
    expect(fulfiller).toEqual(expect.arrayContaining([...(requester ?? [])]));
  });

  it.each(USER_ROLES)('have no duplicates for a %s', (role) => {
    expect(new Set(PERMISSIONS_OF_ROLE[role]).size).toBe(PERMISSIONS_OF_ROLE[role].length);
  });
});
