import { type AlertStatus } from '@atlas/tenant-api/alerts';
import { type IncidentStatus } from '@atlas/tenant-api/incidents';

export interface StoryAlert {
  readonly fingerprint: string;
  /** How it ends. An alert that is `resolved` in the end fires first. */
  readonly status: AlertStatus;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly begunMinutesAgo: number;
}

/** What people do about the incident that the alerts of a service have opened. */
export interface StoryIncident {
  /** The label `service` of its alerts. */
  readonly service: string;
  readonly status: IncidentStatus;
  readonly isAssigned: boolean;
  /** In the order in which they were written. */
  readonly notes: readonly string[];
  readonly resolution_notes?: string;
  readonly root_cause?: string;
}

export const DATA_SOURCE = {
  name: 'Production Prometheus',
  kind: 'alertmanager',
  group_by: ['service'],
} as const;

export const ALERTS: readonly StoryAlert[] = [
  {
    fingerprint: '4be1c9f07a3d2e51',
    status: 'resolved',
    labels: { alertname: 'HostDown', severity: 'critical', service: 'web', ci: 'web-2', job: 'node' },
    annotations: {
      summary: 'web-2 does not respond',
      description: 'The node exporter of web-2 has not responded for 3 minutes.',
    },
    begunMinutesAgo: 95,
  },
  {
    fingerprint: '9c02d7e4418ab36f',
    status: 'resolved',
    labels: { alertname: 'BackendDown', severity: 'major', service: 'web', ci: 'lb-1', backend: 'web-2' },
    annotations: { summary: 'lb-1 has taken web-2 out of the backend "shop"' },
    begunMinutesAgo: 94,
  },
  {
    fingerprint: '1f7720ab96cd5e38',
    status: 'resolved',
    labels: { alertname: 'SearchLatencyHigh', severity: 'warning', service: 'web', ci: 'catalogue-search' },
    annotations: { summary: '99 % of searches take up to 2.8 s; the limit is 1 s' },
    begunMinutesAgo: 90,
  },
  {
    fingerprint: 'e05b3c81f2946d7a',
    status: 'firing',
    labels: {
      alertname: 'VolumeFillingUp',
      severity: 'warning',
      service: 'storage',
      ci: 'san-1',
      volume: 'db-2',
    },
    annotations: {
      summary: 'Volume db-2 on san-1 is 87 % full',
      description: 'At the rate of the last 24 hours, the volume is full in about 3 days.',
    },
    begunMinutesAgo: 220,
  },
  {
    fingerprint: 'a6613fd09b57e2c4',
    status: 'firing',
    labels: {
      alertname: 'VolumeFillingUp',
      severity: 'warning',
      service: 'storage',
      ci: 'san-1',
      volume: 'db-3',
    },
    annotations: { summary: 'Volume db-3 on san-1 is 86 % full' },
    begunMinutesAgo: 185,
  },
  {
    fingerprint: '73d8e5a1c20b49f6',
    status: 'firing',
    labels: { alertname: 'QueueBacklogHigh', severity: 'major', service: 'orders', ci: 'order-queue' },
    annotations: {
      summary: '18,400 confirmed orders wait to be processed',
      description: 'The queue orders.confirmed has held more than 5,000 messages for 10 minutes.',
    },
    begunMinutesAgo: 42,
  },
  {
    fingerprint: 'd41c60f8e79a325b',
    status: 'firing',
    labels: { alertname: 'ConsumerMissing', severity: 'major', service: 'orders', ci: 'order-queue' },
    annotations: { summary: '1 of 4 consumers of orders.confirmed is connected' },
    begunMinutesAgo: 40,
  },
  {
    fingerprint: '28fa94b36ec1d705',
    status: 'resolved',
    labels: { alertname: 'QueueMemoryHigh', severity: 'warning', service: 'orders', ci: 'mq-1' },
    annotations: { summary: 'RabbitMQ on mq-1 uses 78 % of its memory limit' },
    begunMinutesAgo: 31,
  },
];

export const INCIDENTS: readonly StoryIncident[] = [
  {
    service: 'web',
    status: 'closed',
    isAssigned: true,
    notes: [
      'No ping and no console. The hosting team sees a kernel panic on the screen of web-2.',
      'The shop is still up on web-1 and web-3. Only search is slow, because half of it ran on web-2.',
    ],
    resolution_notes:
      'Power-cycled web-2, took it out of the load balancer while nginx was restarted, and put it back. ' +
      'Search has been fast again since then.',
    root_cause:
      'A faulty memory module (DIMM B2) caused a kernel panic. It is replaced in the next maintenance.',
  },
  {
    service: 'storage',
    status: 'investigating',
    isAssigned: true,
    notes: [
      'Both volumes have grown by 40 GB a day since Tuesday. The write-ahead log looks normal.',
      'The new nightly report leaves temporary files behind. Asked the data team to stop it for now.',
    ],
  },
  {
    service: 'orders',
    status: 'open',
    isAssigned: false,
    notes: [
      'Orders are accepted and paid, but confirmation emails are about 40 minutes late.',
      'Three consumers have lost their connection and do not reconnect. A restart waits for a second admin.',
    ],
  },
];

/** A silence for planned work that is yet to come. */
export const SILENCE = {
  matchers: [{ name: 'ci', value: 'core-switch-2' }],
  comment: 'Firmware update of core-switch-2 to 10.4.2',
  startsInHours: 50,
  lastsHours: 2,
} as const;

const DAILY_ORDERS = 41_000;
/** One bad day, eleven days ago: payments timed out during a failover of the orders database. */
const BAD_DAY = { daysAgo: 11, failed: 430 };

export const OBJECTIVE = {
  name: 'Card payments succeed',
  service: 'payments',
  item: 'payments-api',
  objective: 0.999,
  window_days: 30,
} as const;

/** How many payments were attempted and succeeded on a day. Weekends are busier. */
export function paymentsOn(daysAgo: number): { readonly good: number; readonly total: number } {
  const total = DAILY_ORDERS + (daysAgo % 7 < 2 ? 9_500 : 0) + ((daysAgo * 613) % 1_700);
  const failed = daysAgo === BAD_DAY.daysAgo ? BAD_DAY.failed : 6 + ((daysAgo * 5) % 11);
  return { good: total - failed, total };
}

/** Days with events. Fewer than the window, so that all of them are accepted if the start is repeated. */
export const DAYS_WITH_PAYMENTS = 28;
