import { plannedTenantUrl, tenantSlugOfHost } from './tenant-host';

describe('tenantSlugOfHost', () => {
  it.each([
    ['acme.atlas.example', 'atlas.example', 'a subdomain'],
    ['acme.atlas.example:8443', 'atlas.example', 'a port in the host'],
    ['acme.atlas.example', 'atlas.example:8443', 'a port in the base domain'],
    ['acme.localhost:4200', 'localhost:4200', 'a local plane'],
    ['acme.localhost:4201', 'localhost:4200', 'another port'],
    ['ACME.Atlas.Example', 'atlas.EXAMPLE', 'any case'],
    ['acme.atlas.example.', 'atlas.example', 'a fully qualified name'],
    ['acme.atlas.example.:443', 'atlas.example', 'a fully qualified name with a port'],
    ['acme.atlas.example', 'atlas.example.', 'a fully qualified base domain'],
  ])('finds the tenant in %p under the base domain %p: %s', (host, baseDomain) => {
    expect(tenantSlugOfHost(host, baseDomain)).toBe('acme');
  });

  it.each<[host: string | undefined, baseDomain: string, because: string]>([
    [undefined, 'atlas.example', 'no host'],
    ['', 'atlas.example', 'an empty host'],
    ['atlas.example', 'atlas.example', 'the base domain'],
    ['localhost:4200', 'localhost:4200', 'the local base domain'],
    ['acme.other.example', 'atlas.example', 'a host outside the base domain'],
    ['acme-atlas.example', 'atlas.example', 'a domain with the same ending'],
    ['acme.evilatlas.example', 'atlas.example', 'a host below a domain with the same ending'],
    ['acme.atlas.example.evil.example', 'atlas.example', 'the base domain inside another'],
    ['a.acme.atlas.example', 'atlas.example', 'a deeper subdomain'],
    ['.atlas.example', 'atlas.example', 'an empty label'],
    ['acme.atlas.example..', 'atlas.example', 'two trailing dots'],
    ['acme.atlas.example:port', 'atlas.example', 'an invalid port'],
    ['user@acme.atlas.example', 'atlas.example', 'user information'],
    ['ac_me.atlas.example', 'atlas.example', 'a label that is not a slug'],
    ['www.atlas.example', 'atlas.example', 'a reserved word'],
    ['127.0.0.1:4200', 'localhost:4200', 'an IPv4 address'],
    ['127.0.0.1', '0.0.1', 'an IPv4 address, whatever the base domain'],
    ['[::1]:4200', 'localhost:4200', 'an IPv6 address'],
    ['acme..', '', 'no base domain'],
    ['acme.:4200', ':4200', 'a base domain that is only a port'],
  ])('finds no tenant in %p below %p: %s', (host, baseDomain) => {
    expect(tenantSlugOfHost(host, baseDomain)).toBeNull();
  });
});

describe('plannedTenantUrl', () => {
  it.each([
    ['atlas.example', 'https://acme.atlas.example'],
    ['Atlas.Example.', 'https://acme.atlas.example'],
    ['atlas.example:8443', 'https://acme.atlas.example:8443'],
    ['localhost', 'http://acme.localhost'],
    ['localhost:4200', 'http://acme.localhost:4200'],
    ['atlas.localhost:4200', 'http://acme.atlas.localhost:4200'],
    ['notlocalhost', 'https://acme.notlocalhost'],
    ['localhost.example', 'https://acme.localhost.example'],
  ])('for the base domain %p, returns %p', (baseDomain, url) => {
    expect(plannedTenantUrl('acme', baseDomain)).toBe(url);
  });

  it.each(['atlas.example', 'localhost:4200'])(
    'round-trips through tenantSlugOfHost below %p',
    (baseDomain) => {
      const { host } = new URL(plannedTenantUrl('acme', baseDomain));
      expect(tenantSlugOfHost(host, baseDomain)).toBe('acme');
    },
  );
});
