import { randomBytes } from 'node:crypto';
import {
  type CreateEventSubscriptionDto,
  type CreatedEventSubscription,
  type EventDeliveryView,
  type EventSubscriptionView,
  ListEventDeliveriesQuery,
} from '@atlas/operator-api';
import { Database, SecretBox, UNPREPARED, insertRow, lockedForUpdate, takeLocks } from '@atlas/persistence';
import { Clock, DomainError, type Page, type PageQuery, pageOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, LessThan } from 'typeorm';
import { Audit } from '../audit/audit';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { QUEUED_LOCKS } from '../database/queued-locks';
import { SEALED, placeIn } from '../sealing/sealed-columns';
import { EventDelivery } from './event-delivery.entity';
import { MOST_WAITING, newDelivery } from './event-spreader';
import { EventSubscription } from './event-subscription.entity';
import { deliveryView, subscriptionView } from './event-views';

const MOST_SUBSCRIPTIONS = 50;
/** The Standard Webhooks specification asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

/** Who wants to be told about which events. Call the methods that write inside `OperatorWrites.by`. */
@Injectable()
export class EventSubscriptions {
  private readonly console: string;

  constructor(
    config: ControlPlaneConfig,
    private readonly database: Database,
    private readonly box: SecretBox,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {
    this.console = new URL('/console', config.CONTROL_PLANE_PUBLIC_URL).href;
  }

  /** Throws `too_many_event_subscriptions`. The caller has checked the address. */
  create({ url, events, description }: CreateEventSubscriptionDto): Promise<CreatedEventSubscription> {
    const createdAt = this.clock.now();
    const id = uuidv7(createdAt);
    const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
    const secretSealed = this.box.seal(secret, placeIn(SEALED.eventSecret, id));
    const named = { id, url, events, description: description ?? null, createdAt };
    const row = { ...named, secretSealed, disabledAt: null, skipped: 0, skippedAt: null };
    return this.database.write(async (manager) => {
      await takeLocks(manager, { lockClass: QUEUED_LOCKS.events, ids: ['subscriptions'] });
      if ((await manager.count(EventSubscription)) >= MOST_SUBSCRIPTIONS) throw tooMany();
      await insertRow(manager, EventSubscription, row);
      await this.record(manager, 'event_subscription.created', row);
      return { ...subscriptionView(row, 0), secret };
    });
  }

  async list({ cursor, limit }: PageQuery): Promise<Page<EventSubscriptionView>> {
    return this.database.read(async (manager) => {
      const where = cursor ? { id: LessThan(cursor) } : {};
      const rows = await manager.find(EventSubscription, { where, order: { id: 'DESC' }, take: limit + 1 });
      const waiting = await waitingOf(manager, rows);
      return pageOf(rows, limit, (row) => subscriptionView(row, waiting.get(row.id) ?? 0));
    });
  }

  /** Also deletes the deliveries, so nothing more is sent. An attempt that has begun is not recorded. */
  async remove(id: string): Promise<void> {
    await this.database.write(async (manager) => {
      const subscription = await locked(manager, id);
      await manager.delete(EventSubscription, { id });
      await this.record(manager, 'event_subscription.deleted', subscription);
    });
  }

  /** Throws `event_subscription_disabled` and `event_queue_full`. */
  async test(id: string): Promise<EventDeliveryView> {
    return this.database.write(async (manager) => {
      const { disabledAt } = await locked(manager, id);
      if (disabledAt !== null) throw disabled();
      const waiting = await manager.countBy(EventDelivery, { subscriptionId: id, status: 'waiting' });
      if (waiting >= MOST_WAITING) throw full(waiting);
      const now = this.clock.now();
      const eventId = uuidv7(now);
      const data = { event_subscription: { id }, console_url: this.console };
      const event = { id: eventId, type: 'test', position: '0', data, occurredAt: now };
      const delivery = newDelivery(id, { ...event, subject: `test:${eventId}` });
      const at = await this.database.now();
      const row = { ...delivery, createdAt: at, nextAttemptAt: at };
      await insertRow(manager, EventDelivery, row);
      return deliveryView(row);
    });
  }

  async deliveries(
    subscriptionId: string,
    { cursor, limit, status }: ListEventDeliveriesQuery,
  ): Promise<Page<EventDeliveryView>> {
    return this.database.read(async (manager) => {
      if (!(await manager.existsBy(EventSubscription, { id: subscriptionId }))) throw noSuchSubscription();
      const after = cursor ? { id: LessThan(cursor) } : {};
      const where = { subscriptionId, ...after, ...(status && { status }) };
      // Like `plannedForValues`, for a list that may be filtered.
      const page = { order: { id: 'DESC' }, take: limit + 1, comment: UNPREPARED } as const;
      const rows = await manager.find(EventDelivery, { where, ...page });
      return pageOf(rows, limit, deliveryView);
    });
  }

  /** Names only the host, because the rest of the URL may contain a credential. */
  private record(
    manager: EntityManager,
    action: string,
    { id, url, events }: Pick<EventSubscription, 'id' | 'url' | 'events'>,
  ): Promise<void> {
    const after = { host: new URL(url).host, events };
    return this.audit.record(manager, { action, targetKind: 'event_subscription', targetId: id, after });
  }
}

async function locked(manager: EntityManager, id: string): Promise<EventSubscription> {
  const query = manager.createQueryBuilder(EventSubscription, 'subscription').where({ id });
  const subscription = await lockedForUpdate(query).getOne();
  if (!subscription) throw noSuchSubscription();
  return subscription;
}

async function waitingOf(
  manager: EntityManager,
  subscriptions: readonly EventSubscription[],
): Promise<ReadonlyMap<string, number>> {
  if (subscriptions.length === 0) return new Map();
  const rows = await manager
    .createQueryBuilder(EventDelivery, 'delivery')
    .select('delivery.subscriptionId', 'id')
    .addSelect('count(*)', 'waiting')
    .where({ subscriptionId: In(subscriptions.map(({ id }) => id)), status: 'waiting' })
    .groupBy('delivery.subscriptionId')
    .getRawMany<{ id: string; waiting: string | number }>();
  return new Map(rows.map(({ id, waiting }) => [id, Number(waiting)]));
}

function noSuchSubscription(): DomainError {
  return new DomainError('not_found', 'not_found', 'No event subscription has this id.');
}

function tooMany(): DomainError {
  const detail = `There are ${MOST_SUBSCRIPTIONS} event subscriptions already. Delete one of them first.`;
  return new DomainError('too_many_event_subscriptions', 'conflict', detail, { limit: MOST_SUBSCRIPTIONS });
}

function disabled(): DomainError {
  const detail =
    'This subscription is disabled, because its receiver answered 410 Gone. Delete it, and create a new ' +
    'one once the receiver is back.';
  return new DomainError('event_subscription_disabled', 'conflict', detail);
}

function full(waiting: number): DomainError {
  const detail =
    `${waiting} deliveries of this subscription wait already. Repair its receiver, or delete the ` +
    'subscription.';
  return new DomainError('event_queue_full', 'conflict', detail, { limit: MOST_WAITING });
}
