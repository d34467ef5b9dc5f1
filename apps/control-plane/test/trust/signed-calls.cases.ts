import { randomUUID } from 'node:crypto';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { EVERY_DATABASE } from '@atlas/testing';
import { MAX_LIVE_NONCES } from '../../src/service-keys/request-nonces/live-nonces';
import { RequestNonce } from '../../src/service-keys/request-nonces/request-nonce.entity';
import { RequestNonces } from '../../src/service-keys/request-nonces/request-nonces';
import { TestControlPlane } from '../control-plane.fixture';
import { type PlaneSimulator, bodyOf, refusal } from '../plane-simulator.fixture';

const { desiredState, report, routes, transfers } = PLANE_PATHS;
const PLATFORM_SECRET = 'one secret for all cells that Atlas runs';

describe.each(EVERY_DATABASE)("a tenant plane's call on %s", (driver) => {
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver, { INTERNAL_SERVICE_SECRET: PLATFORM_SECRET });
    cell = await plane.enrolledCell();
  });
  afterAll(() => plane.close());

  const reportBody = () =>
    JSON.stringify({
      revision: 'none.0',
      version: '0.1.0',
      sequence: (cell.sequence += 1),
      link_id: cell.linkId,
      tenants: [],
      usage: {},
      health: {},
    });

  it('is refused when unsigned', async () => {
    for (const path of [desiredState, `${desiredState}?since=x.1`]) {
      const answer = await plane.get(path, { token: null });
      expect(refusal(answer)).toEqual([401, 'bad_signature']);
    }
    expect((await plane.post(report, reportBody(), { token: null })).body.code).toBe('bad_signature');
  });

  it('is refused if its key has signed too many recent calls, until their nonces expire', async () => {
    const busy = await plane.enrolledCell();
    const keyId = busy.secret.split('_')[1] ?? '';
    const expiresAt = new Date(plane.clock.now().getTime() + 300_000);
    const { live } = plane.app.get(RequestNonces);
    const left = MAX_LIVE_NONCES - 10;
    for (let call = 0; call < left; call += 1) live.add({ keyId, expiresAt });
    const answers = [];
    for (let call = 0; call < 11; call += 1) answers.push(await busy.report());
    expect(answers[0]?.status).toBe(200);
    const refused = answers.at(-1);
    expect([refused?.status, refused?.headers['retry-after']]).toEqual([429, '60']);
    expect(await plane.count(RequestNonce, { keyId })).toBeLessThanOrEqual(10);
    expect((await cell.report()).status).toBe(200);
    plane.clock.advance(420);
    expect((await busy.report()).status).toBe(200);
  });

  it('is refused with an API key instead of a signature', async () => {
    expect((await plane.get(desiredState)).body.code).toBe('bad_signature');
  });

  describe('after signing', () => {
    const path = `${report}?tenant_plane_id=`;
    const signed = (changes = {}) => {
      const [target, text] = [`${path}${cell.id}`, reportBody()];
      const request = cell.sign({ method: 'POST', path: target, text, signed: changes });
      return { method: 'POST' as const, path: target, text, request };
    };

    it('is accepted if nothing has changed', async () => {
      expect((await cell.send(signed())).status).toBe(200);
    });

    it.each<[string, (call: ReturnType<typeof signed>) => Partial<Parameters<PlaneSimulator['send']>[0]>]>([
      ['body', ({ text }) => ({ text: text.replace('0.1.0', '0.1.1') })],
      ['query', ({ path: target }) => ({ path: `${target}&a=1` })],
      ['path', () => ({ path: `${PLANE_PATHS.enrol}?tenant_plane_id=${cell.id}` })],
      ['path, to another spelling', ({ path: target }) => ({ path: target.replace('/self', '/%73elf') })],
      ['tenant, added', () => ({ headers: { 'x-tenant-id': 'acme' } })],
      ['nonce', ({ request }) => changed(request, 'signature-input', /nonce="./, 'nonce="~')],
      ['time', ({ request }) => changed(request, 'signature-input', /created=\d+/, 'created=1')],
      ['tag', ({ request }) => changed(request, 'signature-input', /tag="atlas-tp"/, 'tag="atlas-cp"')],
      ['set of signed parts', ({ request }) => changed(request, 'signature-input', / "@query"/, '')],
      ['signature', ({ request }) => changed(request, 'signature', /:./, ':_'.replace('_', 'x'))],
    ])('is refused if this part has changed: %s', async (_, change) => {
      const call = signed();
      const answer = await cell.send({ ...call, ...change(call) });
      expect(refusal(answer)).toEqual([401, 'bad_signature']);
      expect(() => answer.verify()).toThrow();
    });

    it('is refused if the tenant has changed', async () => {
      const answer = await cell.send({
        ...signed({ tenantId: 'acme' }),
        headers: { 'x-tenant-id': 'other' },
      });
      expect(refusal(answer)).toEqual([401, 'bad_signature']);
    });

    it('is refused if the method has changed', async () => {
      const request = cell.sign({ method: 'POST', path: desiredState });
      expect(refusal(await cell.send({ method: 'GET', path: desiredState, request }))).toEqual([
        401,
        'bad_signature',
      ]);
    });

    it('is refused if it was signed for another authority, even the one in the Host header', async () => {
      const url = new URL(`http://elsewhere.example.com${desiredState}`);
      const answer = await cell.call({
        method: 'GET',
        path: desiredState,
        signed: { url },
        headers: { host: 'elsewhere.example.com' },
      });
      expect(refusal(answer)).toEqual([401, 'bad_signature']);
    });
  });

  it('may name only a tenant of the calling plane', async () => {
    const home = await plane.enrolledCell({ region: 'home' });
    const { body } = await plane.provision({ region: 'home' });
    await home.pull(20);
    const naming = (tenantId: string, caller = home) =>
      caller.call({ method: 'GET', path: desiredState, signed: { tenantId } });
    expect((await naming(body.tenant.id)).status).toBe(200);
    expect(refusal(await naming(body.tenant.id, cell))).toEqual([403, 'tenant_not_on_plane']);
    expect(refusal(await naming(randomUUID()))).toEqual([403, 'tenant_not_on_plane']);
    expect(refusal(await naming('acme'))).toEqual([403, 'tenant_not_on_plane']);
  });

  it.each([
    ["requests a tenant's route", 'GET', `${routes}/anybody`],
    ['requests a part', 'GET', `${transfers}/${randomUUID()}/parts/1?importer=first`],
    ['requests the progress of an import', 'GET', `${transfers}/${randomUUID()}/imported?count=1`],
    ['sends a part', 'PUT', `${transfers}/${randomUUID()}/parts/1`],
  ] as const)('is refused if it %s and names a tenant of another plane', async (_, method, path) => {
    const request = cell.sign({ method, path, signed: { tenantId: randomUUID() } });
    expect(refusal(await cell.send({ method, path, request }))).toEqual([403, 'tenant_not_on_plane']);
  });

  it('gets the same error for a wrong secret as for an unknown key', async () => {
    const wrong = await cell.call({ method: 'GET', path: desiredState, signed: { secret: 'x'.repeat(40) } });
    const unknown = await cell.call({ method: 'GET', path: desiredState, signed: { keyId: 'nobody' } });
    expect([refusal(wrong), refusal(unknown)]).toEqual([
      [401, 'bad_signature'],
      [401, 'bad_signature'],
    ]);
    expect(bodyOf<{ detail: string }>(unknown).detail).toBe(bodyOf<{ detail: string }>(wrong).detail);
  });

  it('is accepted only once when sent 100 times concurrently', async () => {
    const request = cell.sign({ method: 'GET', path: desiredState });
    const send = () => cell.send({ method: 'GET', path: desiredState, request });
    const answers = await Promise.all(Array.from({ length: 100 }, send));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 99 }, () => 401)]);
    expect(refusal(await send())).toEqual([401, 'bad_signature']);
  });

  it('does not consume its nonce if its signature is invalid', async () => {
    const [nonce, before] = [randomUUID(), await plane.count(RequestNonce)];
    await cell.call({ method: 'GET', path: desiredState, signed: { nonce, secret: 'x'.repeat(40) } });
    expect(await plane.count(RequestNonce)).toBe(before);
    expect((await cell.call({ method: 'GET', path: desiredState, signed: { nonce } })).status).toBe(200);
  });

  it('may have the same nonce as a call from another plane', async () => {
    const [nonce, another] = [randomUUID(), await plane.enrolledCell()];
    const call = { method: 'GET' as const, path: desiredState, signed: { nonce } };
    expect([(await cell.call(call)).status, (await another.call(call)).status]).toEqual([200, 200]);
  });

  it.each([
    [-300, 200],
    [300, 200],
    [-301, 401],
    [301, 401],
  ])('dated %s s relative to now gets status %s', async (seconds, status) => {
    const now = new Date(plane.clock.now().getTime() + seconds * 1000);
    const answer = await cell.call({ method: 'GET', path: desiredState, signed: { now } });
    expect(answer.status).toBe(status);
    // The response is signed either way, so that the plane can correct its clock.
    expect(answer.verify().created).toBe(plane.clock.now().getTime() / 1000);
    if (status === 401) expect(refusal(answer)).toEqual([401, 'clock_skew']);
  });

  it('cannot be replayed at the end of its time window, even after a sweep', async () => {
    const ahead = new Date(plane.clock.now().getTime() + 300_000);
    const request = cell.sign({ method: 'GET', path: desiredState, signed: { now: ahead } });
    expect((await cell.send({ method: 'GET', path: desiredState, request })).status).toBe(200);
    plane.clock.advance(600);
    await plane.sweep();
    expect(refusal(await cell.send({ method: 'GET', path: desiredState, request }))).toEqual([
      401,
      'bad_signature',
    ]);
  });

  it('is refused as soon as its key is revoked', async () => {
    const fired = await plane.enrolledCell();
    expect((await fired.pull(0)).status).toBe(204);
    expect((await (await plane.reissue(fired)).enrol()).status).toBe(200);
    expect(refusal(await fired.pull(0))).toEqual([401, 'bad_signature']);
    expect(refusal(await fired.report())).toEqual([401, 'bad_signature']);
  });

  it("is refused if it names a plane other than its key's", async () => {
    const another = await plane.enrolledCell();
    const path = `${desiredState}?tenant_plane_id=${another.id}`;
    expect(refusal(await cell.call({ method: 'GET', path }))).toEqual([403, 'tenant_plane_mismatch']);
  });

  it.each(['wait=56', 'wait=-1', 'wait=soon', 'tenant_plane_id=acme', 'colour=red'])(
    'is refused with the query %s',
    async (query) => {
      const answer = await cell.call({ method: 'GET', path: `${desiredState}?${query}` });
      expect(refusal(answer)).toEqual([400, 'validation_failed']);
    },
  );

  it('must name its cell in the query once two cells share the platform secret', async () => {
    const [one, two] = [
      await plane.enrolledCell({ secret: 'platform' }),
      await plane.enrolledCell({ secret: 'platform' }),
    ];
    expect(refusal(await one.call({ method: 'GET', path: desiredState }))).toEqual([
      403,
      'tenant_plane_unknown',
    ]);
    for (const { id } of [one, two]) {
      const path = `${desiredState}?tenant_plane_id=${id}`;
      expect((await one.call({ method: 'GET', path })).status).toBe(200);
    }
    const own = `${desiredState}?tenant_plane_id=${cell.id}`;
    expect(refusal(await one.call({ method: 'GET', path: own }))).toEqual([403, 'tenant_plane_unknown']);
  });
});

describe.each(EVERY_DATABASE)('an accepted signed call on %s', (driver) => {
  let before: TestControlPlane;
  let after: TestControlPlane;
  beforeAll(async () => (before = await TestControlPlane.boot(driver)));
  afterAll(() => after.close());

  it('cannot be replayed after a restart', async () => {
    const cell = await before.enrolledCell();
    const call = { method: 'GET' as const, path: desiredState };
    const request = cell.sign(call);
    expect((await cell.send({ ...call, request })).status).toBe(200);
    await before.app.close();

    after = await TestControlPlane.open(before.database, before.clock);
    const samePlane = cell.copy({ url: after.url });
    expect(refusal(await samePlane.send({ ...call, request }))).toEqual([401, 'bad_signature']);
    expect((await samePlane.call(call)).status).toBe(200);
  });
});

function changed<T extends Record<string, string>>(request: T, name: string, from: RegExp, to: string) {
  const value = request[name] ?? '';
  const next = value.replace(from, to);
  // If the replacement happens to change nothing, uses another letter.
  return { request: { ...request, [name]: next === value ? value.replace(from, ':y') : next } };
}
