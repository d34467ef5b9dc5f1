import { createHash } from 'node:crypto';
import { SCOPES } from '@atlas/operator-api';
import { Database, SecretBox } from '@atlas/persistence';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import type supertest from 'supertest';
import { Operator } from '../../src/accounts/operator.entity';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-key.entity';
import { SealedIdempotency } from '../../src/idempotency/sealed-idempotency';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { SEALED, placeIn } from '../../src/sealing/sealed-columns';
import { PASSWORD, TestControlPlane, provisionBody } from '../control-plane.fixture';
import { HeldOperator } from '../held-operator.fixture';
import { type PlaneSimulator, refusal } from '../plane-simulator.fixture';

const PROVISION = '/api/tenants/provision';
const PLANES = '/api/tenant-planes';
interface Operation {
  readonly responses: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly { readonly name: string }[];
}
type Answer = supertest.Response;
const withKey = (key: string, token?: string) => ({ token, headers: { 'idempotency-key': key } });

async function inTurn<T, R>(items: readonly T[], send: (item: T) => PromiseLike<R>): Promise<R[]> {
  const answers: R[] = [];
  for (const item of items) answers.push(await send(item));
  return answers;
}

/**
 * A stored response is repeated only to a caller who may still make the request. No plain hash of a body is
 * stored, because the body may contain a password.
 *
 * To see it fail: in `Idempotency.keptFor`, leave out `admitted`; or in `SealedIdempotency.claim`, leave out
 * `bodyHash`.
 */
describe.each(EVERY_DATABASE)('a request with an Idempotency-Key on %s', (driver) => {
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    cell = await plane.enrolledCell();
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => plane.close());

  /** Returns the id of an active tenant, because only active tenants can have sign-up links. */
  const activeTenant = async (): Promise<string> => {
    const { id } = (await plane.provision()).body.tenant;
    await cell.serve(id);
    const isActive = async () => (await plane.count(Tenant, { id, status: 'active' })) === 1;
    await eventually(isActive, { what: 'the tenant is active' });
    return id;
  };

  it('gets the same response, byte for byte, when repeated', async () => {
    const body = provisionBody();
    const first = await plane.post(PROVISION, body, withKey('repeat-me'));
    plane.clock.advance(60);
    const again = await plane.post(PROVISION, body, withKey('repeat-me'));
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.text).toBe(first.text);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect(await plane.count(Tenant, { slug: body['slug'] })).toBe(1);
  });

  it('provisions one tenant and always gets the same response when sent 100 times at once', async () => {
    const body = provisionBody();
    const before = await plane.count(ProvisioningJob);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => plane.post(PROVISION, body, withKey('hundred'))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers['location'])).size).toBe(1);
    expect(await plane.count(Tenant, { slug: body['slug'] })).toBe(1);
    expect(await plane.count(ProvisioningJob)).toBe(before + 1);
  });

  it('is refused and writes nothing when repeated with a different body', async () => {
    const body = provisionBody();
    await plane.post(PROVISION, body, withKey('one-body'));
    const before = await plane.count(Tenant);
    const answer = await plane.post(PROVISION, { ...body, name: 'Another' }, withKey('one-body'));
    expect(refusal(answer)).toEqual([422, 'idempotency_key_reused']);
    expect(await plane.count(Tenant)).toBe(before);
  });

  it("does not conflict with another caller's request that has the same key", async () => {
    const token = await plane.createApiKey(['tenants:provision']);
    const mine = await plane.post(PROVISION, provisionBody(), withKey('common-key'));
    const theirs = await plane.post(PROVISION, provisionBody(), withKey('common-key', token));
    expect([mine.status, theirs.status]).toEqual([202, 202]);
    expect(theirs.body.tenant.id).not.toBe(mine.body.tenant.id);
  });

  /** A valid body for each route that takes a key. */
  const BODIES: Readonly<Record<string, object | undefined>> = {
    '/api/ai/providers': {
      name: 'keyed',
      kind: 'openai_compatible',
      base_url: 'https://ai.example.com',
      models: {},
    },
    '/api/api-keys': { name: 'keyed', scopes: ['tenants:read'] },
    '/api/event-subscriptions': { url: 'https://93.184.215.14/', events: ['job.failed'] },
    '/api/event-subscriptions/{id}/test': undefined,
    '/api/operators': { email: 'keyed@example.com', role: 'support', password: PASSWORD },
    '/api/operators/{id}/reset-link': undefined,
    '/api/tenant-planes': { name: 'keyed', region: 'eu', capacity: 1 },
    '/api/tenant-planes/upgrades': { version: '0.1.0' },
    '/api/tenant-planes/{id}/drain': undefined,
    '/api/tenant-planes/{id}/provisioning-tokens': {},
    '/api/tenant-planes/{id}/reopen': undefined,
    '/api/tenant-planes/{id}/rotate-secret': { mode: 'compromised' },
    '/api/tenant-planes/{id}/upgrade': { version: '0.1.0' },
    '/api/tenants/provision': provisionBody(),
    '/api/tenants/{id}/billing-state': { state: 'past_due' },
    '/api/tenants/{id}/deprovision': { confirm_slug: 'keyed' },
    '/api/tenants/{id}/move': { deployment_model: 'shared' },
    '/api/tenants/{id}/provisioning-tokens': {},
    '/api/tenants/{id}/restore': undefined,
    '/api/tenants/{id}/resume': undefined,
    '/api/tenants/{id}/signup-link': undefined,
    '/api/tenants/{id}/suspend': {},
  };

  it("never gets another caller's response, on any route that takes a key", async () => {
    await plane.createOperator('second-owner@example.com', 'owner');
    const { body } = await plane.get('/openapi.json', { token: null }).expect(200);
    const keyed = Object.entries<{ post?: Operation }>(body.paths)
      .filter(([, { post }]) => post?.parameters?.some(({ name }) => name === 'idempotency-key'))
      .map(([path]) => path);
    expect(keyed.sort()).toEqual(Object.keys(BODIES));
    // What the routes do is irrelevant here, so each response
    // is replaced with one that only identifies its request.
    const idempotency = plane.app.get(SealedIdempotency);
    const once = idempotency.once.bind(idempotency);
    let handled = 0;
    const answer = async () => ({ status: 202, headers: {}, body: { handled: (handled += 1) } });
    jest.spyOn(idempotency, 'once').mockImplementation((request) => once(request, answer));
    const owners = [
      await plane.login('owner@example.com'),
      await plane.login('second-owner@example.com'),
      await plane.createApiKey(SCOPES),
    ];
    for (const [path, sent] of Object.entries(BODIES)) {
      const target = path.replace('{id}', '00000000-0000-7000-8000-000000000000');
      const [first, second, byKey] = await inTurn(owners, (token) =>
        plane.post(target, sent, withKey('known-to-all', token)),
      );
      expect([path, first?.body, second?.body]).toEqual([
        path,
        { handled: expect.any(Number) },
        { handled: expect.any(Number) },
      ]);
      const texts = new Set([first, second, byKey].map((answered) => answered?.text));
      expect([path, texts.size]).toEqual([path, 3]);
      const again = await plane.post(target, sent, withKey('known-to-all', owners[0]));
      expect(again.text).toBe(first?.text);
    }
  });

  it('counts as a different request on a different path', async () => {
    const cell = { name: 'same-key-cell', region: 'eu', capacity: 1 };
    expect((await plane.post(PROVISION, provisionBody(), withKey('both-paths'))).status).toBe(202);
    expect((await plane.post(PLANES, cell, withKey('both-paths'))).status).toBe(201);
  });

  it('is refused if the key is invalid', async () => {
    for (const key of ['', 'two words', 'x'.repeat(201)]) {
      const answer = await plane.post(PROVISION, provisionBody(), withKey(key));
      expect(refusal(answer)).toEqual([400, 'validation_failed']);
      expect(answer.body.errors[0].field).toBe('idempotency-key');
    }
  });

  it('does not use up its key when it fails', async () => {
    const body = provisionBody();
    const slug = body['slug'];
    const taken = await plane.provision({ slug: 'key-stays-free' });
    expect(taken.status).toBe(202);
    const refused = await plane.post(PROVISION, { ...body, slug: 'key-stays-free' }, withKey('fails-first'));
    expect(refused.body.code).toBe('slug_taken');
    const answer = await plane.post(PROVISION, body, withKey('fails-first'));
    expect([answer.status, answer.body.tenant.slug]).toEqual([202, slug]);
  });

  // Runs on Postgres only, because SQLite serialises writers.
  const onPostgres = driver === 'postgres' ? it : it.skip;
  onPostgres.each([
    ['in progress', 'its key', 'delete from idempotency_keys', 'sent-before', 409, 'request_in_progress'],
    [
      'busy',
      'a table that it needs',
      'lock table tenant_planes in exclusive mode',
      'sent-first',
      503,
      'database_busy',
    ],
  ])('is refused as "%s" when %s is locked for too long', async (_, __, sql, key, status, code) => {
    const cell = { name: key, region: 'eu', capacity: 1 };
    await plane.post(PLANES, { ...cell, name: 'sent-before' }, withKey('sent-before')).expect(201);
    const database = plane.app.get(Database);
    const write = database.write.bind(database);
    const done = new Error('done');
    const holding = write(async (manager) => {
      await manager.query(sql);
      jest.spyOn(database, 'write').mockImplementation((work) =>
        write(async (impatient) => {
          await impatient.query(`set local lock_timeout = '50ms'`);
          return work(impatient);
        }),
      );
      expect(refusal(await plane.post(PLANES, cell, withKey(key)))).toEqual([status, code]);
      throw done;
    });
    await expect(holding).rejects.toBe(done);
  });

  it('counts as a new request after 24 hours', async () => {
    const body = provisionBody();
    await plane.post(PROVISION, body, withKey('a-day'));
    plane.clock.advance(24 * 3600 + 1);
    await plane.sweep();
    const answer = await plane.post(PROVISION, body, withKey('a-day'));
    expect(refusal(answer)).toEqual([409, 'slug_taken']);
  });

  it('leaves no response in plain text in the database', async () => {
    const body = { name: 'sealed-cell', region: 'eu', capacity: 1 };
    const { body: shown } = await plane.post(PLANES, body, withKey('sealed'));
    const [record] = await plane.rows(IdempotencyRecord, { tokenId: shown.install.token_id });
    expect(record?.installSealed).toMatch(/^s1\.k1\./);
    expect(JSON.stringify(record)).not.toContain(shown.install.token);
    expect(JSON.stringify(record)).not.toContain('sealed-cell');
  });

  describe('whose body contains a password', () => {
    const sha256 = (body: object) => createHash('sha256').update(JSON.stringify(body)).digest('hex');
    const send = (email: string, password = PASSWORD) =>
      plane.post('/api/operators', { email, role: 'support', password }, withKey(email));
    const rowsOf = async (email: string): Promise<IdempotencyRecord[]> => {
      await send(email).expect(201);
      return plane.rows(IdempotencyRecord);
    };

    it('leaves no hash that reveals the password, and cannot be repeated with another password', async () => {
      const email = 'not-guessed@example.com';
      const rows = await rowsOf(email);
      expect(JSON.stringify(rows)).not.toContain(sha256({ email, role: 'support', password: PASSWORD }));
      expect(refusal(await send(email, 'another horse battery'))).toEqual([422, 'idempotency_key_reused']);
      await send(email).expect(201);
    });

    it('is recognised after an upgrade from a version that stored a plain hash of the body', async () => {
      const email = 'upgraded@example.com';
      const before = new Set((await plane.rows(IdempotencyRecord)).map(({ scope }) => scope));
      const [{ scope }] = (await rowsOf(email)).filter((row) => !before.has(row.scope)) as [
        IdempotencyRecord,
      ];
      const answer = JSON.stringify({ status: 201, headers: {}, body: { kept: 'before' } });
      await plane.change(
        IdempotencyRecord,
        { scope },
        {
          bodyHash: sha256({ email, role: 'support', password: PASSWORD }),
          answerSealed: plane.app.get(SecretBox).seal(answer, placeIn(SEALED.idempotencyAnswer, scope)),
        },
      );
      expect((await send(email).expect(201)).body).toEqual({ kept: 'before' });
      expect(refusal(await send(email, 'another horse battery'))).toEqual([422, 'idempotency_key_reused']);
    });
  });

  describe('from a caller whose access is revoked', () => {
    let [ownerId, session] = ['', ''];
    beforeAll(async () => {
      session = await plane.login('owner@example.com');
      const [owner] = (await plane.rows(Operator, { email: 'owner@example.com' })) as [Operator];
      ownerId = owner.id;
    });
    /**
     * Returns an API key that was last used less than a minute ago, so that using it again writes nothing.
     */
    const usedKey = async (): Promise<string> => {
      const token = await plane.createApiKey(SCOPES, session);
      await plane.get('/api/auth/me', { token }).expect(200);
      return token;
    };
    const revoke = (token: string) =>
      plane.delete(`/api/api-keys/${token.split('_')[1]}`, { token: session });
    const sent = (call: supertest.Test): Promise<Answer> => call.then((response) => response);

    const tokensOf = (path: string, id: string): string => `${path}/${id}/provisioning-tokens`;
    const onPremises = async (): Promise<string> =>
      (await plane.provision({ deployment_model: 'on_prem' })).body.tenant.id;
    it.each([
      ["a tenant's bundle", async () => PROVISION, provisionBody({ deployment_model: 'on_prem' })],
      ["a cell's bundle", async () => PLANES, { name: 'shown-once', region: 'eu', capacity: 1 }],
      [
        'a rotated secret',
        async () => `${PLANES}/${(await plane.enrolledCell()).id}/rotate-secret`,
        { mode: 'compromised' },
      ],
      ["a tenant's token", async () => tokensOf('/api/tenants', await onPremises()), {}],
      ["a cell's token", async () => tokensOf(PLANES, (await plane.registerCell()).id), {}],
      ['an API key', async () => '/api/api-keys', { name: 'shown-once', scopes: ['tenants:read'] }],
      ['a reset link', async () => `/api/operators/${ownerId}/reset-link`, undefined],
      ['a sign-up link', async () => `/api/tenants/${await activeTenant()}/signup-link`, undefined],
    ])('does not get %s again after the revocation', async (what, pathOf, body) => {
      const [path, token] = [await pathOf(), await usedKey()];
      const send = () => plane.post(path, body, withKey(`again-${what.replaceAll(' ', '-')}`, token));
      const first = await send();
      expect(first.text).toMatch(/"(token|key|url)":"/);
      expect([first.ok, (await send()).text]).toEqual([true, first.text]);
      const [revoked, again] = await HeldOperator.queue(plane, ownerId, revoke(token), send());
      expect([revoked.status, ...refusal(again)]).toEqual([204, 401, 'unauthenticated']);
    });

    it.each([
      ['an API key', '/api/api-keys', { name: 'waited-for', scopes: ['tenants:read'] }],
      ['a bundle', PROVISION, provisionBody({ deployment_model: 'on_prem' })],
    ])(
      'does not get %s again if it was still being created when the revocation began',
      async (what, path, body) => {
        const token = await usedKey();
        const send = () => sent(plane.post(path, body, withKey(`waits-${what.replaceAll(' ', '-')}`, token)));
        const come = jest.spyOn(plane.app.get(SealedIdempotency), 'once');
        await using held = await HeldOperator.hold(plane, ownerId);
        const answers = [send()];
        try {
          await held.untilWaiting(1);
          answers.push(sent(revoke(token)));
          await held.untilWaiting(2);
          answers.push(send());
          await eventually(() => come.mock.calls.length === 2, {
            what: 'the repeat has arrived',
            everyMs: 5,
          });
        } finally {
          await held.release();
        }
        const [first, revoked, again] = (await Promise.all(answers)) as [Answer, Answer, Answer];
        expect([first.ok, revoked.status, ...refusal(again)]).toEqual([true, 204, 401, 'unauthenticated']);
      },
    );
  });

  it.each([
    ['a cell', async () => PLANES, { name: 'created-once', region: 'eu', capacity: 1 }],
    ['a token', async () => `${PLANES}/${(await plane.registerCell()).id}/provisioning-tokens`, {}],
    [
      'an operator',
      async () => '/api/operators',
      { email: 'once@example.com', role: 'support', password: PASSWORD },
    ],
    ['an API key', async () => '/api/api-keys', { name: 'created-once', scopes: ['tenants:read'] }],
    ['a sign-up link', async () => `/api/tenants/${await activeTenant()}/signup-link`, undefined],
  ])(
    'creates %s only once, and is refused when repeated with a different body',
    async (what, pathOf, body) => {
      const path = await pathOf();
      const asOwner = {
        token: await plane.login('owner@example.com'),
        headers: { 'idempotency-key': `creates ${what}`.replaceAll(' ', '-') },
      };
      const audited = await plane.count(AuditEvent);
      const first = await plane.post(path, body, asOwner);
      expect(first.status).toBe(201);
      const written = await plane.count(AuditEvent);
      expect(written).toBeGreaterThan(audited);
      const repeats = await Promise.all([1, 2, 3].map(() => plane.post(path, body, asOwner)));
      for (const again of repeats) expect([again.status, again.text]).toEqual([201, first.text]);
      // A route that takes no body refuses the body itself.
      expect(refusal(await plane.post(path, { ...body, name: 'another' }, asOwner))).toEqual(
        body ? [422, 'idempotency_key_reused'] : [400, 'validation_failed'],
      );
      expect(await plane.count(AuditEvent)).toBe(written);
    },
  );

  it('is accepted by every POST route that creates something', async () => {
    const { body } = await plane.get('/openapi.json', { token: null }).expect(200);
    const creating = Object.entries<{ post?: Operation }>(body.paths).filter(
      ([, { post }]) => post?.responses['201'] ?? post?.responses['202'],
    );
    expect(creating.length).toBeGreaterThan(5);
    const without = creating.filter(
      ([, { post }]) => !post?.parameters?.some(({ name }) => name === 'idempotency-key'),
    );
    // These routes take no key: repeated job actions and verifications change nothing, a repeated
    // reconciliation joins the running one, and callers who sign up have no identity yet.
    expect(without.map(([path]) => path).sort()).toEqual([
      ...['cancel', 'retry', 'rollback'].map((act) => `/api/provisioning-jobs/{id}/${act}`),
      '/api/reconcile',
      '/api/signup',
      '/api/signup/verify',
      '/api/signup/{id}/welcome-link',
    ]);
  });

  describe('that returned an install bundle', () => {
    const register = async (name: string) => {
      const body = { name, region: 'eu', capacity: 1 };
      const first = await plane.post(PLANES, body, withKey(name));
      return { first, repeat: () => plane.post(PLANES, body, withKey(name)) };
    };

    it('gets the bundle again when repeated while the token is valid', async () => {
      const { first, repeat } = await register('bundle-live');
      expect(first.status).toBe(201);
      expect((await repeat()).text).toBe(first.text);
      expect(await plane.count(TenantPlane, { name: 'bundle-live' })).toBe(1);
    });

    it('gets no bundle when repeated after the token is redeemed', async () => {
      const { first, repeat } = await register('bundle-redeemed');
      const { tenant_plane, install } = first.body;
      const cell = (await plane.registerCell()).copy({
        token: install.token,
        secret: install.env.INTERNAL_SERVICE_SECRET,
      });
      expect((await cell.enrol()).status).toBe(200);
      const again = await repeat();
      expect([again.status, again.body]).toEqual([201, { tenant_plane, install: null }]);
      const [record] = await plane.rows(IdempotencyRecord, { tokenId: install.token_id });
      expect(record?.installSealed).toBeNull();
    });

    it('gets no bundle when repeated after the token is revoked', async () => {
      const { first, repeat } = await register('bundle-revoked');
      await plane.post(`${PLANES}/${first.body.tenant_plane.id}/provisioning-tokens`).expect(201);
      expect((await repeat()).body.install).toBeNull();
    });

    it('still gets the bundle when repeated after a dry run of the enrolment', async () => {
      const { first, repeat } = await register('bundle-dry');
      const { token, env } = first.body.install;
      const cell = (await plane.registerCell()).copy({ token, secret: env.INTERNAL_SERVICE_SECRET });
      expect((await cell.enrol({}, '?dry_run=true')).status).toBe(200);
      expect((await repeat()).text).toBe(first.text);
    });
  });
});
