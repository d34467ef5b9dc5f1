import { Optional, type Page, PageQuery } from '@atlas/platform';
import { ArrayNotEmpty, ArrayUnique, IsArray, IsIn, IsString, IsUrl, Length } from 'class-validator';

/** Webhooks that tell other systems what happens at the Control Plane. */
export interface EventsApi {
  /** Subscribe an address to events; only this response shows the secret that signs them */
  'POST /api/event-subscriptions': { body: CreateEventSubscriptionDto; 201: CreatedEventSubscription };
  /** List event subscriptions */
  'GET /api/event-subscriptions': { query: PageQuery; 200: Page<EventSubscriptionView> };
  /** Delete an event subscription, its deliveries and its secret */
  'DELETE /api/event-subscriptions/:id': { 204: undefined };
  /** Queue a test event for one subscription */
  'POST /api/event-subscriptions/:id/test': { 202: { readonly delivery: EventDeliveryView } };
  /** List the deliveries of an event subscription, newest first, with the last answer to each */
  'GET /api/event-subscriptions/:id/deliveries': {
    query: ListEventDeliveriesQuery;
    200: Page<EventDeliveryView>;
  };
}

/** The types of events that can be subscribed to. */
export const EVENT_TYPES = [
  'job.failed',
  'tenant_plane.offline',
  'tenant_plane.online',
  'tenant_plane.copied',
  'drift.found',
  'drift.resolved',
  'lease.ending',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const DELIVERY_STATUSES = ['waiting', 'delivered', 'given_up'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export interface EventSubscriptionView {
  readonly id: string;
  readonly url: string;
  readonly events: readonly EventType[];
  readonly description: string | null;
  readonly created_at: Date;
  /** When the receiver answered 410 Gone. Nothing is sent to it since then. */
  readonly disabled_at: Date | null;
  /** How many deliveries wait. */
  readonly waiting: number;
  /** How many events were left out because too many deliveries were waiting, and when this last happened. */
  readonly skipped: number;
  readonly skipped_at: Date | null;
}

export interface CreatedEventSubscription extends EventSubscriptionView {
  /** Verifies the signatures. Shown only once: a repeat with the same Idempotency-Key gets null. */
  readonly secret: string | null;
}

export interface EventDeliveryView {
  readonly id: string;
  /** The header `webhook-id` of every attempt. */
  readonly event_id: string;
  readonly type: string;
  /** What the event is about. Events about the same subject are delivered one after the other. */
  readonly subject: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly created_at: Date;
  /** Null once it is delivered or given up. */
  readonly next_attempt_at: Date | null;
  readonly finished_at: Date | null;
  readonly last_answer: DeliveryAnswer | null;
}

/** The answer to the last attempt. */
export interface DeliveryAnswer {
  readonly at: string;
  /** The HTTP status; null if there was no response. */
  readonly status: number | null;
  /** The beginning of the response's body. */
  readonly body: string | null;
  /** Why the attempt failed. */
  readonly error: string | null;
  readonly took_ms: number;
}

export class CreateEventSubscriptionDto {
  /**
   * An https address on the internet. Redirects are not followed.
   * @example "https://hooks.example.com/atlas"
   */
  @IsString()
  @Length(1, 2000)
  @IsUrl(
    { protocols: ['https', 'http'], require_protocol: true, require_tld: false, disallow_auth: true },
    { message: '$property must be an https URL without a user name or password' },
  )
  url: string;

  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(EVENT_TYPES, { each: true })
  events: EventType[];

  /** @example "On-call chat" */
  @Optional()
  @IsString()
  @Length(1, 200)
  description?: string;
}

export class ListEventDeliveriesQuery extends PageQuery {
  @Optional()
  @IsIn(DELIVERY_STATUSES)
  status?: DeliveryStatus;
}
