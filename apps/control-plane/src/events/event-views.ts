import { type EventDeliveryView, type EventSubscriptionView } from '@atlas/operator-api';
import { type EventDelivery } from './event-delivery.entity';
import { type EventSubscription } from './event-subscription.entity';

export function subscriptionView(
  { id, url, events, description, ...row }: Omit<EventSubscription, 'secretSealed'>,
  waiting: number,
): EventSubscriptionView {
  const { createdAt, disabledAt, skipped, skippedAt } = row;
  const times = { created_at: createdAt, disabled_at: disabledAt };
  return { id, url, events, description, ...times, waiting, skipped, skipped_at: skippedAt };
}

export function deliveryView(delivery: EventDelivery): EventDeliveryView {
  const { id, eventId, type, subject, status, attempts, createdAt, nextAttemptAt, finishedAt } = delivery;
  return {
    id,
    event_id: eventId,
    type,
    subject,
    status,
    attempts,
    created_at: createdAt,
    next_attempt_at: status === 'waiting' ? nextAttemptAt : null,
    finished_at: finishedAt,
    last_answer: delivery.lastAnswer,
  };
}
