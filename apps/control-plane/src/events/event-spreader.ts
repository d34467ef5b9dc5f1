import { Database, insertRow, lockedForUpdate, takeLocks, updateRows } from '@atlas/persistence';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager, In, IsNull } from 'typeorm';
import { QUEUED_LOCKS } from '../database/queued-locks';
import { OutgoingEvent } from '../outbox/outgoing-event.entity';
import { EventDelivery } from './event-delivery.entity';
import { EventSubscription } from './event-subscription.entity';

const BATCH = 100;
/** How many deliveries of a subscription may wait. When there are more, new events are left out. */
export const MOST_WAITING = 1000;

/** Queues each new event for the subscriptions that want it, and removes it from the outbox. */
@Injectable()
export class EventSpreader {
  private readonly logger = new Logger(EventSpreader.name);

  constructor(private readonly database: Database) {}

  async spread(): Promise<void> {
    while ((await this.isPending()) && (await this.spreadSome()) === BATCH);
  }

  private isPending(): Promise<boolean> {
    return this.database.read((manager) => manager.exists(OutgoingEvent));
  }

  /** One process at a time, so that the events of a subject are queued in order. */
  private spreadSome(): Promise<number> {
    return this.database.write(async (manager) => {
      await takeLocks(manager, { lockClass: QUEUED_LOCKS.events, ids: ['spread'] });
      const events = await manager.find(OutgoingEvent, { order: { position: 'ASC' }, take: BATCH });
      const live = manager
        .createQueryBuilder(EventSubscription, 'subscription')
        .where({ disabledAt: IsNull() })
        .orderBy('subscription.id');
      for (const subscription of await lockedForUpdate(live).getMany())
        await this.queue(manager, subscription, events);
      const positions = events.map(({ position }) => position);
      if (positions.length > 0) await manager.delete(OutgoingEvent, { position: In(positions) });
      return events.length;
    });
  }

  private async queue(
    manager: EntityManager,
    { id, events: types, skipped }: EventSubscription,
    events: readonly OutgoingEvent[],
  ): Promise<void> {
    const wanted = events.filter(({ type }) => (types as readonly string[]).includes(type));
    if (wanted.length === 0) return;
    const waiting = await manager.countBy(EventDelivery, { subscriptionId: id, status: 'waiting' });
    const taken = wanted.slice(0, Math.max(0, MOST_WAITING - waiting));
    for (const event of taken) await this.insert(manager, id, event);
    const left = wanted.length - taken.length;
    if (left === 0) return;
    const skippedAt = (): string => this.database.fromNow(0);
    await updateRows(manager, EventSubscription, { id }, { skipped: skipped + left, skippedAt });
    this.logger.warn({ msg: 'Events were left out, because too many wait', subscription: id, events: left });
  }

  private insert(manager: EntityManager, subscriptionId: string, event: OutgoingEvent): Promise<void> {
    const now = (): string => this.database.fromNow(0);
    return insertRow(manager, EventDelivery, {
      ...newDelivery(subscriptionId, event),
      createdAt: now,
      nextAttemptAt: now,
    });
  }
}

/** A delivery without its times, which the database sets. */
export function newDelivery(
  subscriptionId: string,
  { id, type, subject, position, data, occurredAt }: OutgoingEvent,
): Omit<EventDelivery, 'createdAt' | 'nextAttemptAt'> {
  return {
    id: uuidv7(),
    subscriptionId,
    eventId: id,
    type,
    subject,
    position: Number(position),
    body: JSON.stringify({ type, timestamp: occurredAt.toISOString(), data }),
    status: 'waiting',
    attempts: 0,
    lastAnswer: null,
    finishedAt: null,
  };
}
