import { type ControlPlaneSchemas, bodyOf } from '@atlas/web';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api';

type Schemas = ControlPlaneSchemas['schemas'];
export type Subscription = Schemas['EventSubscriptionView'];
export type Delivery = Schemas['EventDeliveryView'];
export type EventType = Schemas['EventType'];

export const SUBSCRIPTIONS = ['event-subscriptions'] as const;

/** There are at most 50. */
export const subscriptions = queryOptions({
  queryKey: SUBSCRIPTIONS,
  queryFn: async () =>
    (await bodyOf(api.GET('/api/event-subscriptions', { params: { query: { limit: 100 } } }))).items,
  refetchInterval: 30_000,
});

export const EVENT_NAMES: Readonly<Record<EventType, string>> = {
  'job.failed': 'A job has failed',
  'tenant_plane.offline': 'A plane is offline',
  'tenant_plane.online': 'A plane is online again',
  'tenant_plane.copied': 'Two copies of a plane report',
  'lease.ending': 'A lease ends soon',
  'drift.found': 'A difference was found',
  'drift.resolved': 'A difference is gone',
};

/** What people call the type of an event that was sent, such as a test. */
export function eventName(type: string): string {
  return { ...EVENT_NAMES, test: 'A test' }[type] ?? type;
}

/** Only the host of its address, because the rest may contain a credential. */
export function hostOf({ url }: Subscription): string {
  return new URL(url).host;
}
