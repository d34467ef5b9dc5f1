import { claimedTenant, hashToken, mintSessionToken } from './session-token';

const TENANT = '0190f5fe-7c00-7a00-8abc-012345678901';
const SECRET = 'A'.repeat(43);

describe('a session token', () => {
  it('names its tenant and its kind, and is new each time', () => {
    const tokens = [mintSessionToken('session', TENANT), mintSessionToken('session', TENANT)];
    for (const token of tokens) {
      expect(token).toMatch(new RegExp(`^atu_${TENANT}_[A-Za-z0-9_-]{43}$`));
      expect(claimedTenant('session', token)).toBe(TENANT);
    }
    expect(new Set(tokens).size).toBe(2);
  });

  it('is not accepted as another kind', () => {
    expect(claimedTenant('refresh', mintSessionToken('session', TENANT))).toBeNull();
    expect(claimedTenant('session', mintSessionToken('refresh', TENANT))).toBeNull();
    expect(claimedTenant('refresh', mintSessionToken('refresh', TENANT))).toBe(TENANT);
  });

  it.each([
    ['nothing', ''],
    ['another prefix', `atx_${TENANT}_${SECRET}`],
    ['no tenant', `atu__${SECRET}`],
    ['a slug for a tenant', `atu_acme_${SECRET}`],
    ['36 characters that are no id', `atu_${'-'.repeat(36)}_${SECRET}`],
    ['a tenant in capitals', `atu_${TENANT.toUpperCase()}_${SECRET}`],
    ['a shorter secret', `atu_${TENANT}_${SECRET.slice(1)}`],
    ['a longer secret', `atu_${TENANT}_${SECRET}A`],
    ['another alphabet', `atu_${TENANT}_${'+'.repeat(43)}`],
    ['something before it', ` atu_${TENANT}_${SECRET}`],
    ['a second line', `atu_${TENANT}_${SECRET}\n`],
  ])('claims no tenant with %s', (_, token) => {
    expect(claimedTenant('session', token)).toBeNull();
  });

  it('is stored as SHA-256', () => {
    expect(hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
