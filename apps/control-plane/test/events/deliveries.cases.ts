import { createHmac } from 'node:crypto';
import { type ServerResponse } from 'node:http';
import { Database } from '@atlas/persistence';
import { CommitFaults, EVERY_DATABASE, eventually } from '@atlas/testing';
import { Webhook } from 'standardwebhooks';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { DeliveryQueue } from '../../src/events/delivery-queue';
import { EventDelivery } from '../../src/events/event-delivery.entity';
import { EventDispatcher } from '../../src/events/event-dispatcher';
import { EventSubscription } from '../../src/events/event-subscription.entity';
import { EventSpreader, MOST_WAITING } from '../../src/events/event-spreader';
import { Webhooks } from '../../src/events/webhooks';
import { OutgoingEvent } from '../../src/outbox/outgoing-event.entity';
import { TestControlPlane } from '../control-plane.fixture';
import {
  EventReceiver,
  SUBSCRIPTIONS,
  TO_ANY_ADDRESS,
  deliveriesOf,
  dispatch,
  subscribe,
  subscriptionOf,
  tell,
  unsubscribeAll,
} from '../event-receiver.fixture';
import { Gate } from '../held-operator.fixture';

const DAY_SECONDS = 24 * 3600;
/** Enough for COMMITs of each kind to fail. */
const EVENTS = 24;
const DELIVERED = { status: 200, body: null, error: null };

/**
 * Each event is delivered at least once, with the same id, and in order for each subject.
 *
 * To see it fail: in `DeliveryQueue`, leave out `IS_FIRST`, or `attempts` in `held`; in `EventSpreader`,
 * leave out `MOST_WAITING`; or in `EventDispatcher`, leave out `hasRoom` or `busy`.
 */
describe.each(EVERY_DATABASE)('deliveries of events on %s', (driver) => {
  let plane: TestControlPlane;
  let faults: CommitFaults;
  let receiver: EventReceiver;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestControlPlane.boot(driver, TO_ANY_ADDRESS, {}, (url) => faults.through(url));
  });
  beforeEach(async () => (receiver = await EventReceiver.start()));
  afterEach(async () => {
    jest.restoreAllMocks();
    await unsubscribeAll(plane);
    await receiver[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  const statuses = async (id: string) =>
    (await deliveriesOf(plane, id)).map(({ status, attempts }) => [status, attempts]).reverse();

  it('are signed as Standard Webhooks', async () => {
    const { id, secret } = await subscribe(plane, receiver);
    await tell(plane, 1);
    plane.clock.advance(2);
    await dispatch(plane);
    const [received] = receiver.received;
    if (!received) throw new Error('Nothing was received.');
    const { headers, body, event } = received;
    const sentAt = Math.floor(plane.clock.now().getTime() / 1000);
    expect(headers['webhook-timestamp']).toBe(String(sentAt));
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const signature = createHmac('sha256', key).update(`${headers['webhook-id']}.${sentAt}.${body}`);
    expect(headers['webhook-signature']).toBe(`v1,${signature.digest('base64')}`);
    // The package reads the time only to refuse old messages.
    jest.spyOn(Date, 'now').mockReturnValue(sentAt * 1000);
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(event);
    expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow();
    jest.restoreAllMocks();
    expect(event).toMatchObject({ type: 'tenant_plane.offline', data: { n: 1 } });
    const [delivery] = await deliveriesOf(plane, id);
    expect(delivery).toMatchObject({ event_id: headers['webhook-id'], status: 'delivered', attempts: 1 });
    expect(delivery?.last_answer).toMatchObject({ ...DELIVERED, status: 204, body: '' });
  });

  it('go only to the subscriptions that want them, and then leave the outbox', async () => {
    const { id } = await subscribe(plane, receiver, { events: ['job.failed'] });
    await tell(plane, 1);
    await dispatch(plane);
    expect([receiver.received, await deliveriesOf(plane, id)]).toEqual([[], []]);
    expect(await plane.count(OutgoingEvent)).toBe(0);
  });

  it('are retried with the same id and body, and hold back only their own subject', async () => {
    const { id } = await subscribe(plane, receiver);
    receiver.answer(({ event }, response) =>
      response.writeHead(event.data.n === 1 ? 500 : 200).end('no\0pe'),
    );
    await tell(plane, 1, 'a');
    await tell(plane, 2, 'a');
    await tell(plane, 3, 'b');
    await dispatch(plane);
    expect([...receiver.numbers].sort()).toEqual([1, 3]);
    const [, , first] = await deliveriesOf(plane, id);
    const failed = { status: 500, body: 'no\ufffdpe', error: 'The receiver answered with status 500.' };
    expect(first?.last_answer).toMatchObject(failed);
    receiver.accepts();
    await dispatch(plane);
    expect(receiver.received).toHaveLength(2);
    plane.clock.advance(10);
    await dispatch(plane);
    expect(receiver.numbers.slice(2)).toEqual([1, 2]);
    const [once, again] = receiver.received.filter(({ event }) => event.data.n === 1);
    expect([again?.id, again?.body]).toEqual([once?.id, once?.body]);
    expect(again?.headers['webhook-timestamp']).not.toBe(once?.headers['webhook-timestamp']);
    expect((await subscriptionOf(plane, id)).waiting).toBe(0);
  });

  it('wait as long as the receiver asks with Retry-After', async () => {
    await subscribe(plane, receiver);
    receiver.answer((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    await tell(plane, 1);
    await dispatch(plane);
    receiver.accepts();
    plane.clock.advance(3599);
    await dispatch(plane);
    expect(receiver.received).toHaveLength(1);
    plane.clock.advance(1);
    await dispatch(plane);
    expect(receiver.received).toHaveLength(2);
  });

  it('are given up after three days, and the next of the subject follows', async () => {
    const { id } = await subscribe(plane, receiver);
    receiver.answer(({ event }, response) => response.writeHead(event.data.n === 1 ? 503 : 200).end());
    await tell(plane, 1);
    await dispatch(plane);
    plane.clock.advance(3 * DAY_SECONDS - 5);
    await tell(plane, 2);
    await dispatch(plane);
    expect(receiver.numbers).toEqual([1, 1, 2]);
    expect(await statuses(id)).toEqual([
      ['given_up', 2],
      ['delivered', 1],
    ]);
    const [givenUp] = await plane.rows(AuditEvent, { action: 'event_delivery.given_up' });
    expect(givenUp?.after).toMatchObject({ subscription_id: id, attempts: 2 });
  });

  it('end when the receiver answers 410 Gone, which disables the subscription', async () => {
    const { id } = await subscribe(plane, receiver);
    receiver.answer(410);
    for (const n of [1, 2]) await tell(plane, n);
    await dispatch(plane);
    await tell(plane, 3);
    plane.clock.advance(DAY_SECONDS);
    await dispatch(plane);
    expect(receiver.numbers).toEqual([1]);
    expect(await statuses(id)).toEqual([
      ['given_up', 1],
      ['given_up', 0],
    ]);
    expect((await subscriptionOf(plane, id)).disabled_at).not.toBeNull();
    const refused = await plane.post(`${SUBSCRIPTIONS}/${id}/test`).expect(409);
    expect(refused.body.code).toBe('event_subscription_disabled');
    const disabled = { action: 'event_subscription.disabled', targetId: id };
    expect(await plane.count(AuditEvent, disabled)).toBe(1);
  });

  it('fail with a reason if the secret of the subscription cannot be opened', async () => {
    const { id } = await subscribe(plane, receiver);
    await plane.change(EventSubscription, { id }, { secretSealed: 'not sealed' });
    await tell(plane, 1);
    await dispatch(plane);
    const [delivery] = await deliveriesOf(plane, id);
    expect(delivery).toMatchObject({ attempts: 1, last_answer: { status: null } });
    expect(delivery?.last_answer?.error).toContain('The secret of the subscription cannot be opened.');
    expect(receiver.received).toEqual([]);
  });

  it('fail if the receiver does not answer in time', async () => {
    const { id } = await subscribe(plane, receiver);
    Object.assign(plane.app.get(Webhooks), { timeoutMs: 50 });
    receiver.answer(() => undefined);
    await tell(plane, 1);
    await dispatch(plane);
    Object.assign(plane.app.get(Webhooks), { timeoutMs: 10_000 });
    const [delivery] = await deliveriesOf(plane, id);
    expect(delivery).toMatchObject({ status: 'waiting', attempts: 1 });
    expect(delivery?.last_answer).toMatchObject({ status: null, body: null });
    expect(delivery?.last_answer?.error).toMatch(
      /^127\.0\.0\.1:\d+ did not respond in full within 0\.05 s\.$/,
    );
  });

  it('do not follow redirects', async () => {
    await using other = await EventReceiver.start();
    const { id } = await subscribe(plane, receiver);
    receiver.answer((_, response) => response.writeHead(307, { location: other.url }).end());
    await tell(plane, 1);
    await dispatch(plane);
    expect(other.received).toEqual([]);
    const [delivery] = await deliveriesOf(plane, id);
    expect(delivery?.last_answer).toMatchObject({ status: 307 });
    expect(delivery?.last_answer?.error).toContain('redirects are not followed');
  });

  it('keep the beginning of an answer that does not end', async () => {
    const { id } = await subscribe(plane, receiver);
    receiver.answer((_, response) => response.writeHead(200).write('x'.repeat(100_000)));
    await tell(plane, 1);
    await dispatch(plane);
    const [delivery] = await deliveriesOf(plane, id);
    expect(delivery).toMatchObject({ status: 'delivered', last_answer: { body: 'x'.repeat(500) } });
    expect(delivery?.last_answer?.took_ms).toBeLessThan(5000);
  });

  it('are repeated with the same id if the process dies before it has recorded the answer', async () => {
    const { id } = await subscribe(plane, receiver);
    const record = jest.spyOn(plane.app.get(DeliveryQueue), 'record');
    record.mockRejectedValueOnce(new Error('The process was killed here.'));
    await tell(plane, 1);
    await dispatch(plane);
    plane.clock.advance(59);
    await dispatch(plane);
    expect(receiver.received).toHaveLength(1);
    plane.clock.advance(1);
    await dispatch(plane);
    expect(receiver.received).toHaveLength(2);
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(1);
    expect(await statuses(id)).toEqual([['delivered', 2]]);
  });

  it('ignore the outcome of an attempt whose lease has expired', async () => {
    const { id } = await subscribe(plane, receiver);
    const queue = plane.app.get(DeliveryQueue);
    await tell(plane, 1);
    await plane.app.get(EventSpreader).spread();
    const late = await queue.claim([]);
    plane.clock.advance(60);
    const current = await queue.claim([]);
    if (!late || !current) throw new Error('The delivery was not claimed.');
    const answer = { at: '', ...DELIVERED, took_ms: 1 };
    await queue.record(late.delivery, { answer, retryAfterMs: null });
    expect(await statuses(id)).toEqual([['waiting', 2]]);
    await queue.record(current.delivery, { answer, retryAfterMs: null });
    expect(await statuses(id)).toEqual([['delivered', 2]]);
  });

  it('all arrive, each with one id, if COMMITs fail', async () => {
    const { id } = await subscribe(plane, receiver);
    for (let n = 0; n < EVENTS; n += 1) await tell(plane, n, `plane-${n % 4}`);
    faults.begin();
    await eventually(
      async () => {
        await dispatch(plane).catch(() => undefined);
        plane.clock.advance(60);
        faults.end();
        const { waiting } = await subscriptionOf(plane, id);
        const isDone = waiting === 0 && (await plane.count(OutgoingEvent)) === 0;
        if (!isDone) Object.assign(faults, { isOn: true });
        return isDone;
      },
      { what: 'all events are delivered', everyMs: 5, timeoutMs: 20_000 },
    );
    expect(faults.count).toBeGreaterThan(2);
    for (const about of [0, 1, 2, 3]) {
      const arrived = receiver.numbers.map(Number).filter((n) => n % 4 === about);
      // A repeated event follows itself at once, so the order holds.
      expect(arrived.toSorted((one, other) => one - other)).toEqual(arrived);
    }
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(EVENTS);
    expect(new Set(receiver.numbers).size).toBe(EVENTS);
  });

  it('stop when the subscription is deleted while one is under way', async () => {
    const { id } = await subscribe(plane, receiver);
    const [arrived, free] = [new Gate(), new Gate()];
    receiver.answer(async (_, response) => {
      arrived.open();
      await free.opened;
      response.writeHead(500).end();
    });
    for (const n of [1, 2]) await tell(plane, n);
    const dispatching = dispatch(plane);
    await arrived.opened;
    await plane.delete(`${SUBSCRIPTIONS}/${id}`).expect(204);
    free.open();
    await dispatching;
    plane.clock.advance(DAY_SECONDS);
    await dispatch(plane);
    expect(receiver.numbers).toEqual([1]);
    expect(await plane.count(EventDelivery, { subscriptionId: id })).toBe(0);
    await plane.get(`${SUBSCRIPTIONS}/${id}/deliveries`).expect(404);
  });

  it('leave out new events while a thousand wait, and count them', async () => {
    const { id } = await subscribe(plane, receiver);
    const row = { subscriptionId: id, type: 'job.failed', subject: 'job:x', position: 0, body: '{}' };
    const state = { status: 'waiting', attempts: 0, lastAnswer: null, finishedAt: null } as const;
    const at = plane.clock.now();
    const uuid = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
    const times = { createdAt: at, nextAttemptAt: at };
    const rows = Array.from({ length: MOST_WAITING - 1 }, (_, n) => {
      return { ...row, ...state, ...times, id: uuid(n), eventId: uuid(n) };
    });
    await plane.app.get(Database).write((manager) => manager.insert(EventDelivery, rows));
    for (const n of [1, 2, 3]) await tell(plane, n);
    await plane.app.get(EventSpreader).spread();
    expect(await subscriptionOf(plane, id)).toMatchObject({ waiting: MOST_WAITING, skipped: 2 });
    expect((await subscriptionOf(plane, id)).skipped_at).not.toBeNull();
    expect(await plane.count(EventDelivery, { subscriptionId: id, subject: 'tenant_plane:a' })).toBe(1);
    expect((await plane.post(`${SUBSCRIPTIONS}/${id}/test`).expect(409)).body.code).toBe('event_queue_full');
  });

  it('are deleted 30 days after they ended', async () => {
    const { id } = await subscribe(plane, receiver);
    await tell(plane, 1);
    await dispatch(plane);
    plane.clock.advance(30 * DAY_SECONDS - 1);
    await plane.app.get(DeliveryQueue).sweep();
    expect(await deliveriesOf(plane, id)).toHaveLength(1);
    plane.clock.advance(2);
    await plane.app.get(DeliveryQueue).sweep();
    expect(await deliveriesOf(plane, id)).toEqual([]);
  });

  it('begin by themselves once the event is committed', async () => {
    await subscribe(plane, receiver);
    const dispatcher = plane.app.get(EventDispatcher);
    dispatcher.onApplicationBootstrap();
    await tell(plane, 1);
    await eventually(() => receiver.received.length === 1, { what: 'the event arrives', timeoutMs: 3000 });
    await dispatcher.stopLooking();
  });

  it('do not keep a slow receiver from delaying another', async () => {
    await using slow = await EventReceiver.start();
    await subscribe(plane, slow);
    await subscribe(plane, receiver);
    const held: ServerResponse[] = [];
    slow.answer((_, response) => held.push(response));
    for (let n = 0; n < 30; n += 1) await tell(plane, n, `plane-${n}`);
    const dispatching = dispatch(plane);
    await eventually(() => receiver.received.length === 30, {
      what: 'the quick one has all',
      timeoutMs: 8000,
    });
    expect(slow.received.length).toBe(2);
    slow.accepts();
    for (const response of held) response.end();
    await dispatching;
    expect(slow.received.length).toBe(30);
  });

  it('go on in another process when this one ends, with the same id', async () => {
    await subscribe(plane, receiver);
    const second =
      driver === 'postgres' ? await TestControlPlane.open(plane.database, plane.clock, TO_ANY_ADDRESS) : null;
    if (!second) return;
    const arrived = new Gate();
    receiver.answer(() => arrived.open());
    await tell(plane, 1);
    Object.assign(second.app.get(EventDispatcher), { graceMs: 10 });
    const dispatching = dispatch(second);
    await arrived.opened;
    await second.app.close();
    await dispatching;
    receiver.accepts();
    await dispatch(plane);
    expect(receiver.numbers).toEqual([1, 1]);
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(1);
  });
});

/** On Postgres only, because a SQLite file belongs to one process. */
describe('two processes that deliver events', () => {
  let plane: TestControlPlane;
  let second: TestControlPlane;
  beforeAll(async () => {
    plane = await TestControlPlane.boot('postgres', TO_ANY_ADDRESS);
    second = await TestControlPlane.open(plane.database, plane.clock, TO_ANY_ADDRESS);
  });
  afterAll(async () => {
    await second.app.close();
    await plane.close();
  });

  it('deliver each event once, and in order for each subject', async () => {
    await using receiver = await EventReceiver.start();
    await subscribe(plane, receiver);
    const subjects = ['a', 'b', 'c', 'd'];
    for (let n = 0; n < 40; n += 1) {
      await tell(n % 3 === 0 ? plane : second, n, subjects[n % 4]);
      if (n % 10 === 0) void Promise.all([plane, second].map(dispatch));
    }
    await Promise.all([plane, second].map(dispatch));
    await Promise.all([plane, second].map(dispatch));
    expect(receiver.received).toHaveLength(40);
    for (let about = 0; about < 4; about += 1) {
      const arrived = receiver.numbers.map(Number).filter((n) => n % 4 === about);
      expect(arrived).toEqual(arrived.toSorted((one, other) => one - other));
    }
  });
});
