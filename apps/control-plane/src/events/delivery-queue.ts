import { type DeliveryAnswer } from '@atlas/operator-api';
import { Database, deleteOldRows, lockedForUpdate, updateRows } from '@atlas/persistence';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager, IsNull, LessThan } from 'typeorm';
import { Audit } from '../audit/audit';
import { retryInMs } from './delivery-pace';
import { EventDelivery } from './event-delivery.entity';
import { EventSubscription } from './event-subscription.entity';
import { type WebhookOutcome } from './webhooks';

/** Longer than any attempt takes, including the writes that follow it. */
const LEASE_SECONDS = 60;
const KEPT_MS = 30 * 24 * 3600_000;

const GONE = 410;

/** Nothing else about its subject waits before it. */
const IS_FIRST = `not exists (
  select 1 from event_deliveries earlier
  where earlier.subscription_id = delivery.subscription_id and earlier.subject = delivery.subject
    and earlier.status = 'waiting' and earlier.position < delivery.position)`;

export interface ClaimedDelivery {
  readonly delivery: EventDelivery;
  readonly subscription: EventSubscription;
}

/**
 * The deliveries that wait. A claim leases one of them to this process. The number of attempts fences the
 * outcome.
 */
@Injectable()
export class DeliveryQueue {
  private readonly logger = new Logger(DeliveryQueue.name);

  constructor(
    private readonly database: Database,
    private readonly audit: Audit,
  ) {}

  /** Claims a due delivery of a subscription that is not in `busy`. */
  claim(busy: readonly string[]): Promise<ClaimedDelivery | null> {
    return this.database.write(async (manager) => {
      const due = manager
        .createQueryBuilder(EventDelivery, 'delivery')
        .where(`delivery.status = 'waiting' and delivery.next_attempt_at <= ${this.database.fromNow(0)}`)
        .andWhere(IS_FIRST)
        .orderBy('delivery.nextAttemptAt')
        .addOrderBy('delivery.position')
        .limit(1);
      if (busy.length > 0) due.andWhere('delivery.subscriptionId not in (:...busy)', { busy });
      const delivery = await lockedForUpdate(due, { skipLocked: true }).getOne();
      if (!delivery) return null;
      const attempts = delivery.attempts + 1;
      const nextAttemptAt = (): string => this.database.fromNow(LEASE_SECONDS);
      await updateRows(manager, EventDelivery, { id: delivery.id }, { attempts, nextAttemptAt });
      const id = delivery.subscriptionId;
      const subscription = await manager.findOneByOrFail(EventSubscription, { id });
      return { delivery: { ...delivery, attempts }, subscription };
    });
  }

  /** Records what an attempt led to. Does nothing if its lease has expired and another attempt has begun. */
  async record(delivery: EventDelivery, outcome: WebhookOutcome): Promise<void> {
    const { answer } = outcome;
    if (answer.error === null) return this.finish(delivery, 'delivered', answer);
    if (answer.status === GONE) return this.disable(delivery, answer);
    const ageMs = (await this.database.now()).getTime() - delivery.createdAt.getTime();
    const { attempts } = delivery;
    const delay = retryInMs({ attempts, ageMs, retryAfterMs: outcome.retryAfterMs });
    if (delay === null) return this.finish(delivery, 'given_up', answer);
    const nextAttemptAt = (): string => this.database.fromNow(delay / 1000);
    await this.update(delivery, { nextAttemptAt, lastAnswer: answer });
  }

  /** Lets any process attempt it again now, because this process ends. */
  async putBack(delivery: EventDelivery): Promise<void> {
    await this.update(delivery, { nextAttemptAt: () => this.database.fromNow(0) });
  }

  /** Deletes deliveries 30 days after they ended. */
  async sweep(): Promise<void> {
    const before = new Date((await this.database.now()).getTime() - KEPT_MS);
    const write = this.database.write.bind(this.database);
    const where = { finishedAt: LessThan(before) };
    await deleteOldRows(write, { entity: EventDelivery, key: 'id', where });
  }

  private finish(
    delivery: EventDelivery,
    status: 'delivered' | 'given_up',
    lastAnswer: DeliveryAnswer,
  ): Promise<void> {
    return this.database.write(async (manager) => {
      const finishedAt = (): string => this.database.fromNow(0);
      if (!(await this.update(delivery, { status, lastAnswer, finishedAt })) || status === 'delivered')
        return;
      const { id, subscriptionId, type, subject, attempts } = delivery;
      const after = { subscription_id: subscriptionId, type, subject, attempts };
      await this.audit.record(manager, {
        action: 'event_delivery.given_up',
        targetKind: 'event_delivery',
        targetId: id,
        after,
      });
      this.logger.error({ msg: 'Gave up on a webhook after three days', delivery: id, ...after });
    });
  }

  /** The subscription is locked before its deliveries, as its deletion does. */
  private disable(delivery: EventDelivery, lastAnswer: DeliveryAnswer): Promise<void> {
    return this.database.write(async (manager) => {
      const id = delivery.subscriptionId;
      const now = (): string => this.database.fromNow(0);
      const isNew = await updateRows(
        manager,
        EventSubscription,
        { id, disabledAt: IsNull() },
        { disabledAt: now },
      );
      await this.update(delivery, { status: 'given_up', lastAnswer, finishedAt: now });
      const ended = await endAll(manager, id, now);
      if (isNew === 0) return;
      const after = { reason: 'the receiver answered 410 Gone', deliveries_ended: ended + 1 };
      const action = 'event_subscription.disabled';
      await this.audit.record(manager, { action, targetKind: 'event_subscription', targetId: id, after });
    });
  }

  private update(
    { id, attempts }: EventDelivery,
    values: Parameters<typeof updateRows<EventDelivery>>[3],
  ): Promise<number> {
    const held = { id, attempts, status: 'waiting' } as const;
    return this.database.write((manager) => updateRows(manager, EventDelivery, held, values));
  }
}

function endAll(manager: EntityManager, subscriptionId: string, finishedAt: () => string): Promise<number> {
  const waiting = { subscriptionId, status: 'waiting' } as const;
  return updateRows(manager, EventDelivery, waiting, { status: 'given_up', finishedAt });
}
