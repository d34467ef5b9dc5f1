import { claimedTenant, hashToken, mintToken } from './tenant-token';

const TENANT = '0190f5fe-7c00-7a00-8abc-012345678901';
const SECRET = 'A'.repeat(43);

describe('a session token', () => {
  it('contains its tenant ID and its kind, and is different each time', () => {
    const tokens = [mintToken('session', TENANT), mintToken('session', TENANT)];
    for (const token of tokens) {
      expect(token).toMatch(new RegExp(`^atu_${TENANT}_[A-Za-z0-9_-]{43}$`));
      expect(claimedTenant('session', token)).toBe(TENANT);
    }
    expect(new Set(tokens).size).toBe(2);
  });

  it('is not accepted as a token of another kind', () => {
    expect(claimedTenant('refresh', mintToken('session', TENANT))).toBeNull();
    expect(claimedTenant('session', mintToken('refresh', TENANT))).toBeNull();
    expect(claimedTenant('refresh', mintToken('refresh', TENANT))).toBe(TENANT);
  });

  it.each([
    ['it is empty', ''],
    ['its prefix is unknown', `atx_${TENANT}_${SECRET}`],
    ['its tenant ID is missing', `atu__${SECRET}`],
    ['it contains a slug instead of a tenant ID', `atu_acme_${SECRET}`],
    ['its tenant ID has 36 characters but is not a UUID', `atu_${'-'.repeat(36)}_${SECRET}`],
    ['its tenant ID is in capitals', `atu_${TENANT.toUpperCase()}_${SECRET}`],
    ['its secret is too short', `atu_${TENANT}_${SECRET.slice(1)}`],
    ['its secret is too long', `atu_${TENANT}_${SECRET}A`],
    ['its secret is not base64url', `atu_${TENANT}_${'+'.repeat(43)}`],
    ['it begins with a space', ` atu_${TENANT}_${SECRET}`],
    ['it ends with a line break', `atu_${TENANT}_${SECRET}\n`],
  ])('claims no tenant if %s', (_, token) => {
    expect(claimedTenant('session', token)).toBeNull();
  });

  it('is stored as its SHA-256 hash', () => {
    expect(hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
