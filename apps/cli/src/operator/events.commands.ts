import { type EventDeliveryView, type EventSubscriptionView } from '../control-plane/views';
import { CommandFailure, EXIT } from '../failure';
import { type Column } from '../text';
import { LIMIT, showList } from './list-output';
import { type OperatorCall, type OperatorCommand } from './operator-command';
import { SUBJECTS } from './operations/operation';

const group = 'Events';

const DELIVERIES = 'GET /api/event-subscriptions/:id/deliveries';
const POLL_MS = 500;
/** Longer than an attempt takes. */
const PATIENCE_MS = 20_000;

const SUBSCRIPTION_COLUMNS: readonly Column<EventSubscriptionView>[] = [
  { title: 'id', of: ({ id }) => id },
  { title: 'state', of: ({ disabled_at: at }) => (at === null ? 'on' : `disabled ${at}`) },
  { title: 'waiting', of: ({ waiting }) => waiting },
  { title: 'left out', of: ({ skipped }) => skipped },
  { title: 'events', of: ({ events }) => events.join(' ') },
  { title: 'url', of: ({ url }) => url },
  { title: 'description', of: ({ description }) => description },
];

const DELIVERY_COLUMNS: readonly Column<EventDeliveryView>[] = [
  { title: 'queued', of: ({ created_at: createdAt }) => createdAt },
  { title: 'type', of: ({ type }) => type },
  { title: 'subject', of: ({ subject }) => subject },
  { title: 'status', of: ({ status }) => status.replace('_', ' ') },
  { title: 'attempts', of: ({ attempts }) => attempts },
  { title: 'next attempt', of: ({ next_attempt_at: nextAttemptAt }) => nextAttemptAt },
  { title: 'answer', of: answerText },
  { title: 'event', of: ({ event_id: eventId }) => eventId },
];

export const EVENT_SUBSCRIPTIONS: OperatorCommand = {
  name: 'events list',
  group,
  summary: 'List event subscriptions',
  examples: ['events list'],
  options: [{ ...LIMIT, text: 'maximum number of subscriptions' }],
  run: (call) =>
    showList(call, SUBSCRIPTION_COLUMNS, call.client.list('GET /api/event-subscriptions'), {
      what: 'event subscriptions',
    }),
};

export const EVENT_DELIVERIES: OperatorCommand = {
  name: 'events deliveries',
  group,
  summary: 'List what was sent to a subscription and what it answered, newest first',
  operand: SUBJECTS.subscription,
  examples: ['events deliveries 01a210e2-8123-7d3a-8795-a7a5f3cd6203 --status given_up'],
  options: [
    {
      name: 'status',
      value: '<status>',
      text: 'only this status',
      choices: ['waiting', 'delivered', 'given_up'],
    },
    LIMIT,
  ],
  run(call) {
    const { status } = call.values as Record<string, EventDeliveryView['status'] | undefined>;
    const path = { id: call.operand };
    const deliveries = call.client.list(DELIVERIES, status ? { status } : {}, { path });
    return showList(call, DELIVERY_COLUMNS, deliveries, { what: 'deliveries', limit: 50 });
  },
};

export const EVENT_TEST: OperatorCommand = {
  name: 'events test',
  group,
  summary: "Send a test event to a subscription, and show the receiver's answer",
  operand: SUBJECTS.subscription,
  examples: ['events test 01a210e2-8123-7d3a-8795-a7a5f3cd6203'],
  options: [],
  async run(call) {
    const path = { id: call.operand };
    const { delivery } = await call.client.call('POST /api/event-subscriptions/:id/test', { path });
    const answered = await firstAnswerTo(call, delivery.id);
    if (call.isJson) call.terminal.out(`${JSON.stringify(answered)}\n`);
    if (answered.status === 'delivered') {
      if (!call.isJson) call.terminal.out(`Delivered. The receiver answered ${answerText(answered)}.\n`);
      return EXIT.done;
    }
    throw new CommandFailure(`The test event was not accepted: ${answerText(answered)}`, {
      code: 'event_not_delivered',
      hint: `Repair the receiver. The event is sent again: atlas events deliveries ${call.operand}`,
    });
  },
};

/** Waits until the delivery has been attempted. */
async function firstAnswerTo(call: OperatorCall, deliveryId: string): Promise<EventDeliveryView> {
  const { client, surroundings, operand } = call;
  const until = surroundings.now() + PATIENCE_MS;
  const { signal } = new AbortController();
  while (surroundings.now() < until) {
    for await (const delivery of client.list(DELIVERIES, {}, { path: { id: operand } }))
      if (delivery.id === deliveryId && delivery.last_answer !== null) return delivery;
      else if (delivery.id <= deliveryId) break;
    await surroundings.pause(POLL_MS, signal);
  }
  throw new CommandFailure('The test event has not been sent yet.', {
    code: 'event_not_delivered',
    hint: `Look later: atlas events deliveries ${operand}`,
  });
}

function answerText({ last_answer: answer }: EventDeliveryView): string | null {
  return answer && (answer.error ?? String(answer.status));
}
