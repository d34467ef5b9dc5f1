import { FIXTURES } from '@atlas/isolation';
import { createHash } from 'node:crypto';
import { Database, SecretBox, deriveKey } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { Secret } from '@atlas/platform';
import { EVERY_DATABASE, FixedClock } from '@atlas/testing';
import { OldSessions } from '../../src/accounts/old-sessions';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { ConfigurationItem } from '../../src/cmdb/configuration-item.entity';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-record.entity';
import { SealedAnswers } from '../../src/idempotency/sealed-answers';
import { TenantIdempotency } from '../../src/idempotency/tenant-idempotency';
import { Incident } from '../../src/incidents/incident.entity';
import { allowAddresses } from '../allow-addresses.fixture';
import { type CallOptions, type SignedInUser, TestTenantPlane } from '../tenant-plane.fixture';

const DAY_SECONDS = 24 * 3600;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const INCIDENT = { title: 'Disk full', severity: 'P2' };
/** A valid body for each route that accepts a key. */
const INVITATION = { email: 'ann@example.com', role: 'operator' };
const AGENT = { name: 'web-1' };

const BODIES = {
  '/api/agents': AGENT,
  '/api/auth/invite': INVITATION,
  '/api/cmdb/items': { name: 'web-1', type: 'server' },
  '/api/data-sources': { name: 'Scripts', kind: 'generic' },
  '/api/incidents': INCIDENT,
  '/api/runbooks': {
    name: 'Restart',
    steps: [{ name: 'look', kind: 'manual', risk: 'low', config: {} }],
  },
  '/api/silences': {
    matchers: [{ name: 'alertname', value: 'DiskFull' }],
    starts_at: '2020-01-01T00:00:00Z',
    ends_at: '2099-01-01T00:00:00Z',
    comment: 'Maintenance',
  },
  '/api/slos': { name: 'Up', objective: 0.99, window_days: 30, indicator: { kind: 'events' } },
};

describe.each(EVERY_DATABASE)('a request with an Idempotency-Key on %s', (driver) => {
  const clock = new FixedClock();
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  let admin: SignedInUser & CallOptions;
  let count = 0;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot(driver, { clock });
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    ({ tenant, admin } = await plane.tenantWithAdmin(`tenant-${(count += 1)}`));
  });

  const keyed = (path: string, body: object, key = 'key-1', user: CallOptions = admin, at = plane) =>
    at.post(path, body, { ...user, headers: { 'idempotency-key': key } });

  it.each([
    ['an incident', '/api/incidents', INCIDENT, Incident],
    ['a configuration item', '/api/cmdb/items', { name: 'web-1', type: 'server' }, ConfigurationItem],
  ])('creates %s once, and gets the same response every time', async (_, path, body, entity) => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => keyed(path, body)));
    clock.advance(60);
    answers.push(await keyed(path, body));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await plane.rows<{ tenantId: string }>(tenant, entity)).toHaveLength(1);
    expect(await plane.rows(tenant, AuditEvent)).toHaveLength(1);
  });

  it('invites a user only once, and the secret in its stored response is encrypted', async () => {
    const { text, body } = await keyed('/api/auth/invite', INVITATION).expect(201);
    const again = await keyed('/api/auth/invite', INVITATION).expect(201);
    expect(again.text).toBe(text);
    expect(await plane.audit(tenant, 'user.invited')).toHaveLength(1);
    const token = new URL(body.url).hash.slice('#token='.length);
    expect(JSON.stringify(await plane.rows(tenant, IdempotencyRecord))).not.toContain(token.slice(-20));
    const accepted = { token, password: 'correct horse battery staple' };
    await plane.post('/api/auth/signup-exchange', accepted, { host: admin.host }).expect(201);
  });

  it('leaves no unkeyed hash of its body in the database', async () => {
    await keyed('/api/incidents', INCIDENT).expect(201);
    const rows = JSON.stringify(await plane.rows(tenant, IdempotencyRecord));
    expect(rows).not.toContain(sha256(JSON.stringify(INCIDENT)));
  });

  it('gets the same response after an upgrade of the plane', async () => {
    const { text } = await keyed('/api/incidents', INCIDENT).expect(201);
    const [{ scope: rowId } = { scope: '' }] = await plane.rows(tenant, IdempotencyRecord);
    const place = { table: 'idempotency_keys', column: 'answer', rowId, ownerId: tenant.tenant_id };
    const material = JSON.stringify([admin.id, 'POST', '/api/incidents', 'key-1']);
    const box = new SecretBox([{ id: 'key', key: deriveKey(material, 'atlas-kept-answer') }]);
    const before = { bodyHash: sha256(JSON.stringify(INCIDENT)), answer: box.seal(text, place) };
    await plane.tenants.write(tenant.tenant_id, (scope) => scope.update(IdempotencyRecord, {}, before));
    expect((await keyed('/api/incidents', INCIDENT).expect(201)).text).toBe(text);
    await keyed('/api/incidents', { ...INCIDENT, severity: 'P1' }).expect(422);
  });

  it('runs only once, even if its stored response cannot be decrypted with a new secret', async () => {
    // The cast exposes a private property, because the plane reads its secrets only at start.
    const idempotency = plane.app.get(TenantIdempotency) as unknown as { answers: SealedAnswers };
    const another = jest.replaceProperty(idempotency, 'answers', new SealedAnswers([]));
    await keyed('/api/auth/invite', INVITATION).expect(201);
    const { text } = await keyed('/api/incidents', INCIDENT).expect(201);
    another.restore();
    const { body } = await keyed('/api/auth/invite', INVITATION).expect(409);
    expect(body.code).toBe('answer_not_kept');
    expect(await plane.audit(tenant, 'user.invited')).toHaveLength(1);
    // A response without a secret can still be returned, as it can after a tenant has moved.
    expect((await keyed('/api/incidents', INCIDENT).expect(201)).text).toBe(text);
  });

  describe('whose body contains a secret', () => {
    const [OLD, NEW] = ['old', 'new'].map((word) => new Secret(`${word}-secret-of-the-environment`)) as [
      Secret,
      Secret,
    ];
    const withToken = (token: string): object => ({
      name: 'Restart',
      steps: [
        {
          name: 'call',
          kind: 'http',
          risk: 'low',
          config: { method: 'GET', url: 'https://example.com/', headers: { authorization: token } },
        },
      ],
    });
    const create = (token = 'Bearer 1234') => keyed('/api/runbooks', withToken(token));
    let kept: jest.ReplaceProperty<SealedAnswers>;
    beforeAll(() => allowAddresses(plane));
    beforeEach(() => {
      // The cast exposes a private property, because the plane reads its secrets only at start.
      const idempotency = plane.app.get(TenantIdempotency) as unknown as { answers: SealedAnswers };
      kept = jest.replaceProperty(idempotency, 'answers', new SealedAnswers([]));
    });
    afterEach(() => kept.restore());
    const useSecrets = (...secrets: Secret[]) => kept.replaceValue(new SealedAnswers(secrets));

    const storedOnce = async (): Promise<void> =>
      expect(await plane.audit(tenant, 'runbook.created')).toHaveLength(1);

    it('gets the same response after a rotation of the service secret', async () => {
      useSecrets(OLD);
      const { text } = await create().expect(201);
      useSecrets(NEW, OLD);
      expect((await create().expect(201)).text).toBe(text);
      await create('Bearer 4321').expect(422);
      await storedOnce();
    });

    it.each([
      ['another', [NEW]],
      ['no', []],
    ])('is refused at a plane with %s service secret, and not carried out again', async (_, secrets) => {
      useSecrets(OLD);
      await create().expect(201);
      useSecrets(...secrets);
      expect((await create().expect(409)).body.code).toBe('answer_not_kept');
      await storedOnce();
    });

    it('gets the same response if an earlier version stored it without a secret', async () => {
      useSecrets();
      const { text } = await create().expect(201);
      useSecrets(OLD);
      expect((await create().expect(201)).text).toBe(text);
      await create('Bearer 4321').expect(422);
      await storedOnce();
    });
  });

  it('is refused if its key was used with a different body, and writes nothing', async () => {
    await keyed('/api/incidents', INCIDENT).expect(201);
    const answer = await keyed('/api/incidents', { ...INCIDENT, severity: 'P1' }).expect(422);
    expect(answer.body.code).toBe('idempotency_key_reused');
    expect(await plane.rows(tenant, Incident)).toHaveLength(1);
  });

  it('does not consume its key if it fails', async () => {
    await keyed('/api/incidents', { ...INCIDENT, severity: 'P9' }).expect(400);
    await keyed('/api/incidents', INCIDENT).expect(201);
  });

  it('counts as a different request if sent by another user or in another tenant', async () => {
    const further = FIXTURES.flatMap(({ routes = {} }) => Object.keys(routes)).map(
      (name) => name.split(' ')[1],
    );
    // Routes that need other objects have their own tests.
    const others = [...further, '/api/exports'];
    const alone = (await keyedRoutes()).filter((path) => !others.includes(path.replace('{id}', ':id')));
    expect(alone).toEqual(Object.keys(BODIES));
    const [operator, colleague] = [await plane.user(tenant, 'operator'), await plane.user(tenant, 'admin')];
    const { admin: stranger } = await plane.tenantWithAdmin(`stranger-${count}`);
    const [otherRole, sameRole] = [operator, colleague].map((user) => ({ ...user, host: admin.host }));
    for (const [path, body] of Object.entries(BODIES)) {
      const first = await keyed(path, body).expect(201);
      // Operators can neither invite users nor create agents.
      const isForAdmins = body === INVITATION || body === AGENT;
      for (const other of [sameRole, stranger, ...(isForAdmins ? [] : [otherRole])]) {
        const answer = await keyed(path, body, 'key-1', other).expect(201);
        expect(answer.body).not.toEqual(first.body);
      }
    }
  });

  /** The POST routes that accept a key. */
  const keyedRoutes = async (): Promise<string[]> => {
    const { body } = await plane.get('/openapi.json').expect(200);
    return Object.entries<{ post?: Operation }>(body.paths)
      .filter(([, { post }]) => post?.parameters?.some(({ name }) => name === 'idempotency-key'))
      .map(([path]) => path)
      .sort();
  };

  it('has no field for a password or secret, because a hash of its body is stored', async () => {
    const { body } = await plane.get('/openapi.json').expect(200);
    const taken = (await keyedRoutes()).flatMap((path) => {
      const { requestBody } = body.paths[path].post;
      return requestBody ? [JSON.stringify(requestBody)] : [];
    });
    const schemas = taken.map(
      (content = '') => body.components.schemas[/schemas\/(\w+)/.exec(content)?.[1] ?? ''] ?? {},
    );
    expect(schemas.map(({ properties = {} }) => Object.keys(properties)).join()).not.toMatch(
      /password|secret|token/i,
    );
  });

  it('counts as new after 24 hours, when its stored response is deleted', async () => {
    await keyed('/api/incidents', INCIDENT).expect(201);
    clock.advance(DAY_SECONDS + 1);
    const session = (await plane.user(tenant, 'admin')).session;
    await keyed('/api/incidents', INCIDENT, 'key-2', { ...admin, session }).expect(201);
    expect(await plane.rows(tenant, IdempotencyRecord)).toHaveLength(1);
  });

  // Skipped on SQLite, where only one process can use the file.
  (driver === 'postgres' ? describe : describe.skip).each([25, -25])(
    'at a plane with a replica whose clock is %d hours off',
    (hours) => {
      let replica: TestTenantPlane;
      beforeEach(async () => {
        const off = new FixedClock(new Date(clock.now().getTime() + hours * 3600_000));
        replica = await TestTenantPlane.open(plane.database, { clock: off, databaseClock: clock });
      });
      afterEach(() => replica.app.close());

      it('gets the same response for 24 hours', async () => {
        const there = { ...(await replica.user(tenant, 'admin')), host: admin.host };
        const reported = (key: string, at = plane) =>
          keyed('/api/incidents', INCIDENT, key, at === plane ? admin : there, at).expect(201);
        const both = async () => [(await reported('key-1')).text, (await reported('key-2', replica)).text];
        const before = await both();
        // Storing a new key triggers a sweep of expired keys.
        for (const at of [plane, replica]) await reported('key-3', at);
        await replica.app.get(OldSessions).sweep();
        expect(await both()).toEqual(before);
      });
    },
  );

  // Skipped on SQLite, which allows only one writer at a time.
  const onPostgres = driver === 'postgres' ? describe : describe.skip;
  onPostgres('that times out on a lock', () => {
    /** Sends requests with a short lock timeout while another transaction holds the locks taken by `sql`. */
    const whileOthersHold = async (sql: string, send: () => Promise<unknown>): Promise<void> => {
      const database = plane.app.get(Database);
      const writeAs = database.writeAs.bind(database);
      const impatient = jest.spyOn(database, 'writeAs').mockImplementation((id, work) =>
        writeAs(id, async (manager) => {
          await manager.query(`set local lock_timeout = '50ms'`);
          return work(manager);
        }),
      );
      const done = new Error('done');
      const holding = writeAs(tenant.tenant_id, async (manager) => {
        await manager.query(sql);
        await send();
        throw done;
      });
      await expect(holding.finally(() => impatient.mockRestore())).rejects.toBe(done);
    };

    it('is reported as in progress while its own key is locked', async () => {
      await keyed('/api/incidents', INCIDENT).expect(201);
      await whileOthersHold('delete from idempotency_keys', async () => {
        const { body } = await keyed('/api/incidents', INCIDENT).expect(409);
        expect(body.code).toBe('request_in_progress');
      });
    });

    it.each([
      ['user rows are', 'select 1 from users for update'],
      ['an expired key is', 'delete from idempotency_keys'],
    ])('is refused as busy, like a request without a key, while %s locked', async (_, sql) => {
      await keyed('/api/incidents', INCIDENT).expect(201);
      clock.advance(DAY_SECONDS + 1);
      const { session } = await plane.user(tenant, 'admin');
      await whileOthersHold(sql, async () => {
        const answer = await keyed('/api/incidents', INCIDENT, 'key-2', { ...admin, session }).expect(503);
        expect([answer.body.code, answer.headers['retry-after']]).toEqual(['database_busy', '1']);
      });
      await keyed('/api/incidents', INCIDENT, 'key-2', { ...admin, session }).expect(201);
    });
  });

  it('is accepted by every POST route that creates something', async () => {
    const { body } = await plane.get('/openapi.json').expect(200);
    const creating = Object.entries<{ post?: Operation }>(body.paths).filter(
      ([, { post }]) => post?.responses['201'],
    );
    expect(creating.length).toBeGreaterThan(3);
    const without = creating.filter(
      ([, { post }]) => !post?.parameters?.some(({ name }) => name === 'idempotency-key'),
    );
    // These routes admit a user once and show a secret once.
    const once = ['/api/auth/register', '/api/auth/signup-exchange'];
    expect(without.map(([path]) => path).sort()).toEqual(once);
  });
});

interface Operation {
  readonly responses: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly { readonly name: string }[];
}
