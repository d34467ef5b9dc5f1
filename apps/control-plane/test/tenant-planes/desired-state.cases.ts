import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { Database, Signals } from '@atlas/persistence';
import { type DesiredState, PLANE_PATHS } from '@atlas/plane-contract';
import { OngoingAnswers } from '@atlas/platform';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { type FastifyReply } from 'fastify';
import { exportJWK, generateKeyPair } from 'jose';
import { DesiredStates } from '../../src/desired-state/desired-states';
import { Placement } from '../../src/registry/placement.entity';
import { Transfer } from '../../src/registry/transfer.entity';
import { ServiceKey } from '../../src/service-keys/service-key.entity';
import { PLANES_AT_ONCE, PlaneTurns } from '../../src/service-keys/plane-turns';
import { MAX_LONG_POLLS, WaitingCalls } from '../../src/service-keys/waiting-calls';
import { newTransfer, topicOf } from '../../src/transfers/transfers';
import { sealedPart, sendPart } from '../backup-part.fixture';
import { TestControlPlane } from '../control-plane.fixture';
import { type PlaneSimulator, type SignedAnswer, bodyOf, refusal } from '../plane-simulator.fixture';

const REVOKED = [401, 'bad_signature'];

describe.each(EVERY_DATABASE)('a pull of the desired state on %s', (driver) => {
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  beforeAll(async () => (plane = await TestControlPlane.boot(driver)));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => plane.close());

  /** Registers a cell in a region that no other test uses. */
  const cellIn = async (region: string): Promise<PlaneSimulator> =>
    (cell = await plane.enrolledCell({ region }));
  const published = async (region: string): Promise<{ id: string; slug: string }> => {
    const { body } = await plane.provision({ region });
    await eventually(
      async () => (await cell.pullAll()).tenants.some((tenant) => tenant.tenant_id === body.tenant.id),
      { what: 'the tenant is published' },
    );
    return body.tenant;
  };

  it('returns the full state the first time', async () => {
    await cellIn('first');
    const tenant = await published('first');
    const answer = await cell.call({ method: 'GET', path: PLANE_PATHS.desiredState });
    answer.verify();
    expect(answer.body).toEqual({
      revision: expect.stringMatching(/^[0-9a-f]+\.1$/),
      full: true,
      tenants: [
        {
          tenant_id: tenant.id,
          slug: tenant.slug,
          name: `Tenant ${tenant.slug}`,
          status: 'active',
          plan: 'core',
          admin_email: `admin@${tenant.slug}.example.com`,
          phase: 'serving',
          entry_revision: 1,
          lease: expect.any(String),
        },
      ],
      removed: [],
      config: {
        keys: {
          keys: [
            expect.objectContaining({ purpose: 'signup' }),
            expect.objectContaining({ purpose: 'lease' }),
          ],
        },
        latest: '0.1.0',
      },
    });
  });

  it('returns only what changed since a revision', async () => {
    await cellIn('since');
    await published('since');
    const known = await cell.pullAll();
    const tenant = await published('since');
    const changes = bodyOf<DesiredState>(await cell.pull(0, known.revision));
    expect(changes.full).toBe(false);
    expect(changes.tenants.map((entry) => entry.tenant_id)).toEqual([tenant.id]);
  });

  it.each([0, 1])('returns a signed 204 if nothing changes within %s s', async (wait) => {
    await cellIn(`quiet-${wait}`);
    const answer = await cell.pull(wait);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.verify().created).toBe(plane.clock.now().getTime() / 1000);
  });

  it('returns at once when something changes during the wait', async () => {
    await cellIn('live');
    const poll = cell.pull(50);
    await plane.provision({ region: 'live' });
    const answer = await poll;
    expect(answer.status).toBe(200);
    expect(bodyOf<DesiredState>(answer)).toMatchObject({ full: false, tenants: [{ entry_revision: 1 }] });
    answer.verify();
  });

  it('is refused for a plane with too many open polls, until one of them finishes', async () => {
    const [busy, other] = [await cellIn('busy'), await cellIn('other')];
    const calls = plane.app.get(WaitingCalls);
    const open = Array.from({ length: MAX_LONG_POLLS }, () => ({ raw: new EventEmitter() }));
    const key = { keyId: randomUUID() };
    for (const reply of open) calls.endOfPoll(reply as unknown as FastifyReply, key, busy.id);
    const { revision } = await busy.pullAll();
    const refused = await busy.pull(0, revision);
    expect([...refusal(refused), refused.headers['retry-after']]).toEqual([429, 'too_many_long_polls', '5']);
    expect((await other.pull(0, (await other.pullAll()).revision)).status).toBe(204);
    open[0]?.raw.emit('close');
    for (let polls = 0; polls < 3; polls += 1)
      await eventually(async () => (await busy.pull(0, revision)).status === 204, {
        what: 'the plane may poll again',
      });
    for (const { raw } of open.slice(1)) raw.emit('close');
  });

  it('waits, as reports do, while many other planes use the database; other callers do not', async () => {
    const waiting = await cellIn('turns');
    const { revision } = await waiting.pullAll();
    const turns = plane.app.get(PlaneTurns);
    const ends: (() => void)[] = [];
    const held = Array.from({ length: PLANES_AT_ONCE }, () =>
      turns.next(() => new Promise<void>((resolve) => ends.push(resolve))),
    );
    const [polls, reports] = [jest.spyOn(turns, 'next'), jest.spyOn(turns, 'first')];
    const answered: number[] = [];
    const calls = [waiting.pull(0, revision), waiting.report()];
    for (const call of calls) void call.then(({ status }) => answered.push(status));
    const areWaiting = () => polls.mock.calls.length === 1 && reports.mock.calls.length === 1;
    await eventually(areWaiting, { what: 'both calls wait for their turn' });
    await plane.get('/api/tenants').expect(200);
    expect(answered).toEqual([]);
    for (const end of ends) end();
    await Promise.all([...held, ...calls]);
    expect(answered.sort()).toEqual([200, 204]);
  });

  it('is not woken by changes to another plane', async () => {
    const elsewhere = await cellIn('elsewhere');
    const here = await cellIn('here');
    const [mine, theirs] = [here.pull(50), elsewhere.pull(50)];
    await plane.provision({ region: 'elsewhere' });
    expect(await Promise.race([theirs, mine.then(() => 'mine')])).toMatchObject({ status: 200 });
    const { body } = await plane.provision({ region: 'here' });
    expect((await mine).body).toMatchObject({ tenants: [{ tenant_id: body.tenant.id }] });
  });

  describe("when the plane's key is revoked during the wait", () => {
    const waiting = (topic: string) =>
      eventually(() => plane.app.get(Signals).hasListeners(topic), { what: 'the call waits' });
    const revoke = ({ id }: PlaneSimulator) =>
      plane.change(ServiceKey, { tenantPlaneId: id }, { revokedAt: plane.clock.now() });
    /** Creates a transfer whose rows `target` waits for. */
    const transferTo = async (target: PlaneSimulator, source: PlaneSimulator): Promise<string> => {
      const { body } = await plane.provision({ region: 'key-source' }).expect(202);
      const planes = { sourcePlaneId: source.id, targetPlaneId: target.id };
      const facts = { tenantId: body.tenant.id, ...planes, purpose: 'move', recipient: {} } as const;
      const transfer = newTransfer(facts, plane.clock.now());
      await plane.insert(Transfer, transfer);
      return transfer.id;
    };
    const takePart = async (
      target: PlaneSimulator,
      id: string,
    ): Promise<{ answer: Promise<SignedAnswer> }> => {
      const path = `${PLANE_PATHS.transfers}/${id}/parts/1?wait=5&importer=first`;
      const answer = target.call({ method: 'GET', path });
      await waiting(topicOf(id));
      return { answer };
    };

    it('is refused within seconds, as is a pull of a part, while other planes are unaffected', async () => {
      const [mine, theirs, source] = [
        await cellIn('key-1'),
        await cellIn('key-2'),
        await cellIn('key-source'),
      ];
      const { answer: part } = await takePart(mine, await transferTo(mine, source));
      const [poll, other] = [mine.pull(5), theirs.pull(5)];
      for (const { id } of [mine, theirs]) await waiting(`tenant-plane:${id}`);
      await revoke(mine);
      await plane.app.get(OngoingAnswers).look();
      expect((await Promise.all([part, poll])).map(refusal)).toEqual([REVOKED, REVOKED]);
      await plane.provision({ region: 'key-2' }).expect(202);
      expect((await other).status).toBe(200);
    });

    it('is refused, as is a pull of a part, even if the part arrives before the refusal', async () => {
      const [target, source] = [await cellIn('key-4'), await cellIn('key-source')];
      const id = await transferTo(target, source);
      const { answer } = await takePart(target, id);
      await revoke(target);
      const { publicKey } = await generateKeyPair('ECDH-ES', { crv: 'X25519' });
      const recipient = { ...(await exportJWK(publicKey)) };
      const sealed = await sealedPart({ id, role: 'source', recipient }, {});
      expect((await sendPart(source, id, sealed)).status).toBe(200);
      expect(refusal(await answer)).toEqual(REVOKED);
    });
  });

  it.each([
    ['from another epoch', () => 'abcdef012345.1'],
    ['from the future', ({ revision }: DesiredState) => `${revision.split('.')[0]}.999`],
    ['in an unknown format', () => 'latest'],
  ])('returns the full state for a revision %s', async (_, since) => {
    const region = `epoch-${_.length}`;
    await cellIn(region);
    await published(region);
    const known = await cell.pullAll();
    const answer = await cell.pull(20, since(known));
    expect(answer.body).toEqual({ ...known, full: true });
  });

  it('lists a rolled-back tenant as removed, and omits it from the full state', async () => {
    await cellIn('undone');
    const { body } = await plane.provision({ region: 'undone' });
    await cell.pull(20);
    await plane.post(`/api/provisioning-jobs/${body.job.id}/cancel`).expect(202);
    await plane.post(`/api/provisioning-jobs/${body.job.id}/rollback`).expect(202);
    const answer = await cell.pull(20);
    expect(answer.body).toMatchObject({ full: false, tenants: [], removed: [body.tenant.id] });
    expect(await cell.pullAll()).toMatchObject({ tenants: [], removed: [] });
  });

  it('brings a plane to the same state from every earlier revision', async () => {
    await cellIn('history');
    const stateNow = async () => {
      const { revision, tenants } = await cell.pullAll();
      return { revision, tenants: new Map(tenants.map((entry) => [entry.tenant_id, entry])) };
    };
    const history = [await stateNow()];
    const step = async (work: () => Promise<unknown>): Promise<void> => {
      await work();
      history.push(await stateNow());
    };
    const [first, second] = [await published('history'), await published('history')];
    history.push(await stateNow());
    const change = ({ id }: { id: string }, plan: string) =>
      plane.patch(`/api/tenants/${id}`, { plan }).expect(200);
    await step(() => change(first, 'enterprise'));
    await step(() => change(second, 'enterprise'));
    await step(() => change(first, 'core'));
    await step(async () => {
      const place = { tenantId: second.id, tenantPlaneId: cell.id };
      await plane.change(Placement, place, { phase: 'retired' });
      await plane.app.get(Database).write((manager) => plane.app.get(DesiredStates).publish(manager, place));
    });
    const last = history.at(-1);
    expect(history.map(({ revision }) => Number(revision.split('.')[1]))).toEqual([0, 2, 3, 4, 5, 6]);
    for (const { revision, tenants } of history.slice(0, -1)) {
      const { full, ...changes } = bodyOf<DesiredState>(await cell.pull(0, revision));
      for (const entry of changes.tenants) tenants.set(entry.tenant_id, entry);
      for (const id of changes.removed) tenants.delete(id);
      expect([full, changes.revision, [...tenants].sort()]).toEqual([
        false,
        last?.revision,
        [...(last?.tenants ?? [])].sort(),
      ]);
    }
    expect((await cell.pull(0, last?.revision)).status).toBe(204);
  });

  it('returns at once when something changes between the check and the wait', async () => {
    await cellIn('between');
    const tenant = await published('between');
    const { revision } = await cell.pullAll();
    const states = plane.app.get(DesiredStates);
    const look = states.changes.bind(states);
    jest.spyOn(states, 'changes').mockImplementationOnce(async (...given) => {
      const found = await look(...given);
      await plane.patch(`/api/tenants/${tenant.id}`, { plan: 'enterprise' }).expect(200);
      return found;
    });
    const startedAt = performance.now();
    const answer = await cell.pull(20, revision);
    expect(answer.body).toMatchObject({ tenants: [{ tenant_id: tenant.id, plan: 'enterprise' }] });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('skips no entry while 20 tenants are published at the same time', async () => {
    await cellIn('rush');
    const seen = new Set<string>();
    const provisioned = Promise.all(Array.from({ length: 20 }, () => plane.provision({ region: 'rush' })));
    let last = 0;
    while (seen.size < 20) {
      const answer = await cell.pull(20);
      expect(answer.status).toBe(200);
      const changes = bodyOf<DesiredState>(answer);
      const n = Number(changes.revision.split('.')[1]);
      const fresh = changes.tenants.filter((entry) => entry.entry_revision > last);
      expect(fresh).toHaveLength(changes.tenants.length);
      // Each entry uses one revision, so exactly n entries have been seen at revision n.
      for (const entry of changes.tenants) seen.add(entry.tenant_id);
      expect(seen.size).toBe(n);
      last = n;
    }
    const ids = (await provisioned).map(({ body }) => body.tenant.id);
    expect([...seen].sort()).toEqual(ids.sort());
  });
});
