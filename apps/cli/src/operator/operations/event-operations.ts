import { type Operation } from './operation';

const group = 'Events';

export const EVENT_OPERATIONS: readonly Operation[] = [
  {
    name: 'events add',
    group,
    summary: 'Subscribe an address to events',
    about: 'Subscribes an address to events. Shows the secret that verifies their signatures, only once.',
    examples: ['events add --url https://hooks.example.com/atlas --events job.failed,drift.found'],
    operation: 'POST /api/event-subscriptions',
    done: 'Subscribed. List the subscriptions: atlas events list',
    options: [
      { name: 'url', value: '<url>', field: 'url', text: 'https address of the receiver', isRequired: true },
      {
        name: 'events',
        value: '<type,…>',
        field: 'events',
        isRequired: true,
        isList: true,
        text: 'such as job.failed, drift.found, lease.ending; docs/guides/events.md lists all',
      },
      { name: 'description', value: '<text>', field: 'description', text: 'what it is for' },
    ],
  },
  {
    name: 'events remove',
    group,
    summary: 'Delete an event subscription, its deliveries and its secret',
    examples: ['events remove 01a210e2-8123-7d3a-8795-a7a5f3cd6203'],
    subject: 'subscription',
    operation: 'DELETE /api/event-subscriptions/:id',
    done: 'Deleted. Nothing more is sent to it.',
    options: [],
  },
];
