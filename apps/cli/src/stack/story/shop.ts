import { type Criticality, type RelationshipType } from '@atlas/tenant-api/cmdb';

export interface StoryItem {
  /** Also names the item in relationships and alerts. */
  readonly key: string;
  readonly type: string;
  readonly name: string;
  readonly criticality: Criticality;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

export interface StoryRelationships {
  readonly from: string;
  readonly type: RelationshipType;
  readonly to: readonly string[];
  readonly min_up?: number;
}

const WEB_SERVER = { os: 'Debian 12', cpu_cores: 8, memory_gb: 16, rack: 'A03' };
const DATABASE_SERVER = { os: 'Debian 12', postgres: '16.4', memory_gb: 128, rack: 'B01' };

/** The systems of an online shop for outdoor equipment. */
export const ITEMS: readonly StoryItem[] = [
  {
    key: 'online-shop',
    type: 'service',
    name: 'Online shop',
    criticality: 'high',
    attributes: { owner: 'E-commerce', url: 'https://shop.example.com' },
  },
  {
    key: 'checkout',
    type: 'service',
    name: 'Checkout',
    criticality: 'high',
    attributes: { owner: 'E-commerce' },
  },
  {
    key: 'payments-api',
    type: 'service',
    name: 'Payments API',
    criticality: 'high',
    attributes: { owner: 'Payments', repository: 'payments-api', on_call: 'payments-oncall' },
  },
  {
    key: 'catalogue-search',
    type: 'service',
    name: 'Catalogue search',
    criticality: 'medium',
    attributes: { owner: 'Catalogue' },
  },
  {
    key: 'lb-1',
    type: 'load balancer',
    name: 'lb-1',
    criticality: 'high',
    attributes: { software: 'HAProxy 2.9' },
  },
  { key: 'web-1', type: 'server', name: 'web-1', criticality: 'medium', attributes: WEB_SERVER },
  { key: 'web-2', type: 'server', name: 'web-2', criticality: 'medium', attributes: WEB_SERVER },
  { key: 'web-3', type: 'server', name: 'web-3', criticality: 'medium', attributes: WEB_SERVER },
  {
    key: 'payments-1',
    type: 'virtual machine',
    name: 'payments-1',
    criticality: 'high',
    attributes: { os: 'Debian 12', pci_scope: true },
  },
  {
    key: 'payments-2',
    type: 'virtual machine',
    name: 'payments-2',
    criticality: 'high',
    attributes: { os: 'Debian 12', pci_scope: true },
  },
  {
    key: 'orders-db',
    type: 'database cluster',
    name: 'Orders database',
    criticality: 'high',
    attributes: { quorum: 2, backup: 'nightly at 01:30' },
  },
  { key: 'db-1', type: 'server', name: 'db-1', criticality: 'high', attributes: DATABASE_SERVER },
  { key: 'db-2', type: 'server', name: 'db-2', criticality: 'high', attributes: DATABASE_SERVER },
  { key: 'db-3', type: 'server', name: 'db-3', criticality: 'high', attributes: DATABASE_SERVER },
  {
    key: 'order-queue',
    type: 'message queue',
    name: 'Order queue',
    criticality: 'high',
    attributes: { software: 'RabbitMQ 3.13', queue: 'orders.confirmed' },
  },
  {
    key: 'mq-1',
    type: 'server',
    name: 'mq-1',
    criticality: 'medium',
    attributes: { os: 'Debian 12', memory_gb: 32 },
  },
  {
    key: 'session-cache',
    type: 'cache',
    name: 'Session cache',
    criticality: 'medium',
    attributes: { software: 'Redis 7.2' },
  },
  {
    key: 'san-1',
    type: 'storage',
    name: 'san-1',
    criticality: 'high',
    attributes: { capacity_tb: 48, firmware: '7.4.1', support_until: '2028-06-30' },
  },
  {
    key: 'core-switch-1',
    type: 'network switch',
    name: 'core-switch-1',
    criticality: 'high',
    attributes: { ports: 48, firmware: '10.4.2' },
  },
  {
    key: 'core-switch-2',
    type: 'network switch',
    name: 'core-switch-2',
    criticality: 'high',
    attributes: { ports: 48, firmware: '10.3.9' },
  },
];

const SWITCHES = { type: 'depends_on', to: ['core-switch-1', 'core-switch-2'], min_up: 1 } as const;

export const RELATIONSHIPS: readonly StoryRelationships[] = [
  {
    from: 'online-shop',
    type: 'depends_on',
    to: ['lb-1', 'checkout', 'catalogue-search', 'session-cache'],
  },
  { from: 'lb-1', type: 'depends_on', to: ['web-1', 'web-2', 'web-3'], min_up: 2 },
  { from: 'checkout', type: 'depends_on', to: ['payments-api', 'orders-db', 'order-queue'] },
  { from: 'payments-api', type: 'runs_on', to: ['payments-1', 'payments-2'], min_up: 1 },
  { from: 'catalogue-search', type: 'runs_on', to: ['web-2', 'web-3'], min_up: 1 },
  { from: 'orders-db', type: 'runs_on', to: ['db-1', 'db-2', 'db-3'], min_up: 2 },
  { from: 'order-queue', type: 'runs_on', to: ['mq-1'] },
  { from: 'session-cache', type: 'runs_on', to: ['mq-1'] },
  ...['db-1', 'db-2', 'db-3'].map((from) => ({ from, type: 'hosted_on' as const, to: ['san-1'] })),
  ...['web-1', 'web-2', 'web-3', 'db-1', 'db-2', 'db-3', 'mq-1'].map((from) => ({ from, ...SWITCHES })),
];
