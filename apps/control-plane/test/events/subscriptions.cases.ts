import { EVENT_TYPES } from '@atlas/operator-api';
import { SecretBox } from '@atlas/persistence';
import { CommitFaults, EVERY_DATABASE, untilAnswered } from '@atlas/testing';
import { Operator } from '../../src/accounts/operator.entity';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { EventDelivery } from '../../src/events/event-delivery.entity';
import { EventSubscription } from '../../src/events/event-subscription.entity';
import { IdempotencyRecord } from '../../src/idempotency/idempotency-key.entity';
import { Resealer } from '../../src/sealing/resealer';
import { SEALED, placeIn } from '../../src/sealing/sealed-columns';
import { SEALING_KEYS, TestControlPlane } from '../control-plane.fixture';
import {
  EventReceiver,
  SUBSCRIPTIONS,
  TO_ANY_ADDRESS,
  deliveriesOf,
  dispatch,
  subscribe,
  subscriptionOf,
  unsubscribeAll,
} from '../event-receiver.fixture';
import { HeldOperator } from '../held-operator.fixture';

const URL_WITH_PATH = 'http://127.0.0.1:1/services/in-the-path';
const BODY = { url: URL_WITH_PATH, events: EVENT_TYPES, description: 'On-call chat' };
const SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/;
const MOST = 50;

/**
 * To see it fail: in `EventSubscriptionsController.create`, leave out `forRepeats` or `writes.by`; or in
 * `EventSubscriptions.create`, leave out `takeLocks` (Postgres).
 */
describe.each(EVERY_DATABASE)('event subscriptions on %s', (driver) => {
  let plane: TestControlPlane;
  let faults: CommitFaults;
  beforeAll(async () => {
    faults = await CommitFaults.start();
    plane = await TestControlPlane.boot(driver, TO_ANY_ADDRESS, {}, (url) => faults.through(url));
  });
  afterEach(() => unsubscribeAll(plane));
  afterAll(async () => {
    await plane.close();
    await faults.stop();
  });

  const open = (sealed: string, id: string): string =>
    plane.app.get(SecretBox).open(sealed, placeIn(SEALED.eventSecret, id)).reveal();

  it('show their secret only once, and keep it sealed', async () => {
    const { secret, ...shown } = await subscribe(plane, BODY, BODY);
    expect(secret).toMatch(SECRET);
    expect(shown).toMatchObject({ ...BODY, disabled_at: null, waiting: 0, skipped: 0, skipped_at: null });
    expect(await subscriptionOf(plane, shown.id)).toEqual(shown);
    const [row] = await plane.rows(EventSubscription, { id: shown.id });
    expect(JSON.stringify(row)).not.toContain(secret.slice(6));
    expect(open(row?.secretSealed ?? '', shown.id)).toBe(secret);
  });

  it('are not created twice by a repeated request, which does not see the secret again', async () => {
    const repeated = { headers: { 'idempotency-key': 'the-same' } };
    const answers = await Promise.all(
      [1, 2].map(() => plane.post(SUBSCRIPTIONS, BODY, repeated).expect(201)),
    );
    const again = await plane.post(SUBSCRIPTIONS, BODY, repeated).expect(201);
    const secrets = [...answers, again].map(({ body }) => body.secret as string | null);
    expect(secrets.filter((secret) => secret !== null)).toHaveLength(1);
    expect(await plane.count(EventSubscription)).toBe(1);
    expect(again.body).toEqual({ ...answers[0]?.body, secret: null });
    const box = plane.app.get(SecretBox);
    for (const { scope, answerSealed } of await plane.rows(IdempotencyRecord))
      expect(box.open(answerSealed, placeIn(SEALED.idempotencyAnswer, scope)).reveal()).not.toContain(
        'whsec_',
      );
  });

  it('are created once if COMMITs fail and the request is repeated until it is answered', async () => {
    const statuses: number[] = [];
    faults.begin();
    // Several, so that COMMITs fail both before and after they take effect.
    for (let n = 0; n < 6; n += 1) {
      const repeated = { headers: { 'idempotency-key': `until-answered-${n}` } };
      statuses.push((await untilAnswered(() => plane.post(SUBSCRIPTIONS, BODY, repeated))).status);
    }
    faults.end();
    expect(statuses).toEqual(statuses.map(() => 201));
    expect(faults.count).toBeGreaterThan(2);
    expect(await plane.count(EventSubscription)).toBe(6);
  });

  it('are not created, tested or deleted by an admin whose access is being revoked', async () => {
    const { id } = await subscribe(plane, BODY, BODY);
    const email = `revoked-${driver}@example.com`;
    await plane.createOperator(email, 'admin');
    const [{ id: operatorId = '' } = {}] = await plane.rows(Operator, { email });
    const token = await plane.login(email);
    await plane.get(SUBSCRIPTIONS, { token }).expect(200);
    const [disabled, ...refused] = await HeldOperator.queue(
      plane,
      operatorId,
      plane.patch(`/api/operators/${operatorId}`, { disabled: true }, { token: plane.session }),
      plane.post(SUBSCRIPTIONS, BODY, { token }),
      plane.post(`${SUBSCRIPTIONS}/${id}/test`, undefined, { token }),
      plane.delete(`${SUBSCRIPTIONS}/${id}`, { token }),
    );
    expect(disabled.status).toBe(200);
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(await plane.count(EventSubscription)).toBe(1);
    expect(await plane.count(EventDelivery)).toBe(0);
  });

  it('are limited in number, even if two are created at once', async () => {
    for (let n = 1; n < MOST; n += 1) await subscribe(plane, BODY, BODY);
    const answers = await Promise.all([1, 2].map(() => plane.post(SUBSCRIPTIONS, BODY)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('too_many_event_subscriptions');
    expect(await plane.count(EventSubscription)).toBe(MOST);
  });

  it.each([
    ['an unknown type', { events: ['job.succeeded'] }],
    ['no type', { events: [] }],
    ['the same type twice', { events: ['job.failed', 'job.failed'] }],
    ['no URL', { url: undefined }],
  ])('are refused for %s', async (_what, changes) => {
    const { body } = await plane.post(SUBSCRIPTIONS, { ...BODY, ...changes }).expect(400);
    expect(body.code).toBe('validation_failed');
  });

  it('send a test event, and say what the receiver answered', async () => {
    await using receiver = await EventReceiver.start();
    const { id } = await subscribe(plane, receiver);
    const { body } = await plane.post(`${SUBSCRIPTIONS}/${id}/test`).expect(202);
    expect(body.delivery).toMatchObject({ type: 'test', status: 'waiting', attempts: 0, last_answer: null });
    await dispatch(plane);
    expect(receiver.received.map(({ event }) => event)).toEqual([
      {
        type: 'test',
        timestamp: plane.clock.now().toISOString(),
        data: { event_subscription: { id }, console_url: 'http://127.0.0.1:4100/console' },
      },
    ]);
    const [delivery] = await deliveriesOf(plane, id);
    expect(delivery).toMatchObject({ id: body.delivery.id, status: 'delivered' });
    const waiting = await plane.get(`${SUBSCRIPTIONS}/${id}/deliveries?status=waiting`).expect(200);
    expect(waiting.body.items).toEqual([]);
  });

  it('send a test event at once', async () => {
    await using receiver = await EventReceiver.start();
    const { id } = await subscribe(plane, receiver);
    await plane.post(`${SUBSCRIPTIONS}/${id}/test`).expect(202);
    await dispatch(plane);
    expect(receiver.received).toHaveLength(1);
  });

  it('are deleted with their deliveries, and only once', async () => {
    const { id } = await subscribe(plane, BODY, BODY);
    await plane.post(`${SUBSCRIPTIONS}/${id}/test`).expect(202);
    const answers = await Promise.all([1, 2].map(() => plane.delete(`${SUBSCRIPTIONS}/${id}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404]);
    expect(await plane.count(EventDelivery, { subscriptionId: id })).toBe(0);
    await plane.post(`${SUBSCRIPTIONS}/${id}/test`).expect(404);
  });

  it('are audited without the path of their URL', async () => {
    const { id } = await subscribe(plane, BODY, BODY);
    await plane.delete(`${SUBSCRIPTIONS}/${id}`).expect(204);
    const entries = await plane.rows(AuditEvent, { targetId: id });
    expect(entries.map(({ action }) => action)).toEqual([
      'event_subscription.created',
      'event_subscription.deleted',
    ]);
    for (const entry of entries) {
      expect(entry.after).toMatchObject({ host: '127.0.0.1:1', events: EVENT_TYPES });
      expect(JSON.stringify(entry)).not.toContain('in-the-path');
    }
  });

  it('keep their secret when the sealing key changes', async () => {
    const { id, secret } = await subscribe(plane, BODY, BODY);
    const keys = `k2:${Buffer.alloc(32, 'a key of the tests').toString('base64')},${SEALING_KEYS}`;
    const { database, clock } = plane;
    const other =
      driver === 'postgres'
        ? await TestControlPlane.open(database, clock, {
            ...TO_ANY_ADDRESS,
            CONTROL_PLANE_SEALING_KEYS: keys,
          })
        : null;
    if (!other) return;
    await other.app.get(Resealer).reseal();
    const [row] = await other.rows(EventSubscription, { id });
    expect(row?.secretSealed).toMatch(/^s1\.k2\./);
    const box = other.app.get(SecretBox);
    expect(box.open(row?.secretSealed ?? '', placeIn(SEALED.eventSecret, id)).reveal()).toBe(secret);
    await other.app.close();
  });
});
