import { randomUUID } from 'node:crypto';
import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
import { TestTenantPlane } from '../tenant-plane.fixture';

/** What a host, header or session names: a tenant's slug, nothing, or an unknown tenant (`nobody`). */
type Named = 'acme' | 'globex' | 'nobody' | undefined;

const HOSTS: readonly (readonly [host: string, names: Named])[] = [
  ['acme.localhost:4200', 'acme'],
  ['acme.localhost:9', 'acme'],
  ['ACME.LocalHost.', 'acme'],
  ['globex.localhost:4200', 'globex'],
  ['localhost:4200', undefined],
  ['127.0.0.1:4200', undefined],
  ['acme.example.com', undefined],
  ['acme.localhost.example.com', undefined],
  ['deeper.acme.localhost:4200', undefined],
  ['www.localhost:4200', undefined],
  ['unknown.localhost:4200', 'nobody'],
];

describe.each(EVERY_DATABASE)('the tenant of a request on %s', (driver) => {
  let plane: TestTenantPlane;
  let acme: DesiredTenant;
  let globex: DesiredTenant;
  let headers: readonly (readonly [header: string | undefined, names: Named])[];
  let sessions: readonly (readonly [session: string | undefined, names: Named])[];

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver);
    acme = await plane.tenant('acme');
    globex = await plane.tenant('globex');
    const [ofAcme, ofGlobex] = [await plane.user(acme, 'admin'), await plane.user(globex, 'admin')];
    await describeIncident(ofAcme.session, 'acme');
    await describeIncident(ofGlobex.session, 'globex');
    headers = [
      [undefined, undefined],
      [acme.tenant_id, 'acme'],
      [acme.tenant_id.toUpperCase(), 'acme'],
      ['acme', 'acme'],
      [globex.tenant_id, 'globex'],
      ['globex', 'globex'],
      ['unknown', 'nobody'],
      [randomUUID(), 'nobody'],
      ['acme, acme', 'nobody'],
      ['', 'nobody'],
    ];
    sessions = [
      [undefined, undefined],
      [ofAcme.session, 'acme'],
      [ofGlobex.session, 'globex'],
    ];
  });
  afterAll(() => plane.close());

  /** Creates an incident whose title shows which tenant it belongs to. */
  async function describeIncident(session: string, title: string): Promise<void> {
    await plane.post('/api/incidents', { title, severity: 'P3' }, { session }).expect(201);
  }

  const agreed = (...names: Named[]): Named => {
    const [first, ...others] = new Set(names.filter((name) => name !== undefined));
    return others.length === 0 ? first : 'nobody';
  };

  describe.each(HOSTS)('at host %s', (host, hostNames) => {
    it('is the one that host, header and session agree on, if the route requires a session', async () => {
      // Testing every second header is enough to cover each kind.
      for (const [header, headerNames] of headers.filter((_, i) => i % 2 === 0)) {
        for (const [session, sessionNames] of sessions) {
          const answer = await plane.get('/api/incidents', { host, tenant: header, session });
          const names = agreed(hostNames, headerNames, sessionNames);
          const isFound = names === 'acme' || names === 'globex';
          const expected = !isFound ? 'tenant_not_found' : session === undefined ? 'unauthenticated' : names;
          expect([header, sessionNames, answer.body.items?.[0].title ?? answer.body.code]).toEqual([
            header,
            sessionNames,
            expected,
          ]);
        }
      }
    });

    it('is the one that host and header agree on, before sign-in', async () => {
      for (const [header, headerNames] of headers) {
        const answer = await plane.get('/api/tenant-default', { host, tenant: header });
        const names = agreed(hostNames, headerNames);
        const expected = names === 'acme' || names === 'globex' ? names : 'tenant_not_found';
        expect([header, answer.body.tenant?.slug ?? answer.body.code]).toEqual([header, expected]);
      }
    });
  });
});
