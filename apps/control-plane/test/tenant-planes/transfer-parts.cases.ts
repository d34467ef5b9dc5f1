import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Signals } from '@atlas/persistence';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { Transfer } from '../../src/registry/transfer.entity';
import { newTransfer, topicOf } from '../../src/transfers/transfers';
import { nextRun, sayImportedBy, sealedPart, sendPart, takePart } from '../backup-part.fixture';
import { TestControlPlane } from '../control-plane.fixture';
import { type PlaneSimulator, type SignedAnswer, refusal } from '../plane-simulator.fixture';

const BEHIND = [429, 'target_behind'];

describe.each(EVERY_DATABASE)('the parts of a move on %s', (driver) => {
  let plane: TestControlPlane;
  let source: PlaneSimulator;
  let target: PlaneSimulator;
  let id: string;
  const attempt = nextRun();
  beforeAll(async () => {
    plane = await TestControlPlane.boot(driver);
    [source, target] = [
      await plane.enrolledCell({ region: 'here' }),
      await plane.enrolledCell({ region: 'there' }),
    ];
  });
  afterAll(() => plane.close());
  beforeEach(async () => {
    const { body } = await plane.provision({ region: 'here' }).expect(202);
    const planes = { sourcePlaneId: source.id, targetPlaneId: target.id };
    const facts = { tenantId: body.tenant.id, ...planes, purpose: 'move', recipient: {} } as const;
    const transfer = newTransfer(facts, plane.clock.now());
    await plane.insert(Transfer, transfer);
    ({ id } = transfer);
  });

  const recipient = { ...generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }) };
  const send = async (part: number, kind: string): Promise<SignedAnswer> =>
    sendPart(
      source,
      id,
      await sealedPart({ id, role: 'source', recipient }, {}, { attempt, kind, part }),
      part,
    );
  const imported = (count: number, { wait = 0, by = source } = {}): Promise<SignedAnswer> =>
    by.call({ method: 'GET', path: `${PLANE_PATHS.transfers}/${id}/imported?count=${count}&wait=${wait}` });
  /** Begins an import. Returns a function that reports all parts up to the given one as imported. */
  const importing = async (): Promise<(part: number) => Promise<SignedAnswer>> => {
    const run = nextRun();
    expect((await takePart(target, id, run)).status).toBe(200);
    return (part) => sayImportedBy(target, id, run, part, attempt);
  };

  it('are acknowledged with the number of imported parts; the source can wait for more imports', async () => {
    expect((await send(1, 'snapshot')).body).toEqual({ imported: 0 });
    const says = await importing();
    const waiting = imported(1, { wait: 20 });
    await eventually(() => plane.app.get(Signals).hasListeners(topicOf(id)), { what: 'the call waits' });
    await says(1);
    const answer = await waiting;
    answer.verify();
    expect(answer.body).toEqual({ imported: 1 });
    expect((await send(2, 'changes')).body).toEqual({ imported: 1 });
    expect((await imported(2)).body).toEqual({ imported: 1 });
    expect(refusal(await imported(1, { by: target }))).toEqual([404, 'transfer_not_found']);
    await plane.change(Transfer, { id }, { endedAt: plane.clock.now() });
    expect(refusal(await imported(1))).toEqual([404, 'transfer_not_found']);
  });

  it('are refused while the target is too far behind, unless the source is frozen', async () => {
    for (const part of [1, 2, 3, 4]) expect((await send(part, 'snapshot')).status).toBe(200);
    expect(refusal(await send(5, 'changes'))).toEqual(BEHIND);
    const says = await importing();
    await says(2);
    expect((await send(5, 'changes')).body).toEqual({ imported: 2 });
    expect((await send(5, 'changes')).body).toEqual({ imported: 2 });
    expect(refusal(await send(6, 'changes'))).toEqual(BEHIND);
    await plane.change(Transfer, { id }, { frozenAt: plane.clock.now() });
    expect((await send(6, 'changes')).status).toBe(200);
    expect((await send(7, 'last')).status).toBe(200);
  });

  /** To see it fail, leave out `requireCurrentCopy` in `TransferRelay.hold`, or in `imported`. */
  it.each(['source', 'target'] as const)('are refused to an outdated copy of the %s', async (role) => {
    const region = `copies-${role}`;
    const copied = await plane.enrolledCell({ region });
    await copied.report();
    await plane.change(Transfer, { id }, { [`${role}PlaneId`]: copied.id });
    const calls = (by: PlaneSimulator, query = '') => {
      const path = `${PLANE_PATHS.transfers}/${id}`;
      const asked = [
        `${path}/parts/1?importer=${nextRun()}${query}`,
        `${path}/imported?count=0${query}`,
      ] as const;
      const [part, progress] = asked;
      return by.call({ method: 'GET', path: role === 'target' ? part : progress });
    };
    const sendsPart = async (by: PlaneSimulator, query = ''): Promise<SignedAnswer> => {
      const path = `${PLANE_PATHS.transfers}/${id}/parts/1${query}`;
      const header = { attempt: nextRun(), kind: 'snapshot', part: 1 };
      const text = await sealedPart({ id, role: 'source', recipient }, {}, header);
      const request = by.sign({ method: 'PUT', path, text });
      const headers = { 'content-type': 'application/jose' };
      return by.send({ method: 'PUT', path, text, request, headers });
    };
    expect((await calls(copied)).status).toBeLessThan(300);
    const restored = copied.copy();
    restored.incarnation = randomUUID();
    const named = `incarnation=${restored.incarnation}`;
    const outdated = [409, 'plane_copy_outdated'];
    // Until it has reported, nobody knows that it counts.
    expect(refusal(await calls(restored, `&${named}`))).toEqual(outdated);
    await restored.report();
    expect((await calls(restored, `&${named}`)).status).toBeLessThan(300);
    // An older version does not name its incarnation, and the original has none.
    expect(refusal(await calls(copied))).toEqual(outdated);
    if (role === 'target') return;
    expect(refusal(await sendsPart(copied))).toEqual(outdated);
    expect((await sendsPart(restored, `?${named}`)).status).toBe(200);
  });

  /** To see it fail, leave out `requireCurrentCopy` in `TransferRelay.give`. */
  it('are not given to a copy of the target that becomes outdated while it waits', async () => {
    const copied = await plane.enrolledCell({ region: 'copied' });
    await copied.report();
    await plane.change(Transfer, { id }, { targetPlaneId: copied.id });
    expect((await send(1, 'snapshot')).status).toBe(200);
    const run = nextRun();
    expect((await takePart(copied, id, run)).status).toBe(200);
    const query = `importer=${run}&attempt=${attempt}&wait=20`;
    const path = `${PLANE_PATHS.transfers}/${id}/parts/2?${query}`;
    const waiting = copied.call({ method: 'GET', path });
    await eventually(() => plane.app.get(Signals).hasListeners(topicOf(id)), { what: 'the call waits' });
    const restored = copied.copy();
    restored.incarnation = randomUUID();
    await restored.report();
    expect((await send(2, 'snapshot')).status).toBe(200);
    expect(refusal(await waiting)).toEqual([409, 'plane_copy_outdated']);
  });
});
