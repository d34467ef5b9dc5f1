import { once } from 'node:events';
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import {
  type CreatedEventSubscription,
  EVENT_TYPES,
  type EventDeliveryView,
  type EventSubscriptionView,
} from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { EventDispatcher } from '../src/events/event-dispatcher';
import { type NewEvent } from '../src/outbox/new-event';
import { Outbox } from '../src/outbox/outbox';
import { type TestControlPlane } from './control-plane.fixture';

export const SUBSCRIPTIONS = '/api/event-subscriptions';
/** Lets a Control Plane call receivers on this machine. */
export const TO_ANY_ADDRESS = { WEBHOOKS_TO_ANY_ADDRESS: '1' };

export interface Received {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: { readonly type: string; readonly timestamp: string; readonly data: Data };
}

type Data = Readonly<Record<string, unknown>> & { readonly n?: number };
type Answers = (received: Received, response: ServerResponse) => unknown;

const accept: Answers = (_, response) => response.writeHead(204).end();

/** A server on this machine that receives webhooks. */
export class EventReceiver implements AsyncDisposable {
  readonly received: Received[] = [];
  /** The URL of the receiver. Its path stands for a credential, as in the URLs of chat services. */
  url = '';
  private answers: Answers = accept;

  private constructor() {
    this.server.listen(0, '127.0.0.1');
  }

  static async start(): Promise<EventReceiver> {
    const receiver = new EventReceiver();
    await once(receiver.server, 'listening');
    const { port } = receiver.server.address() as AddressInfo;
    receiver.url = `http://127.0.0.1:${port}/in-the-path`;
    return receiver;
  }

  /** Answers with this status, or as the function does, until {@link accepts} is called. */
  answer(answers: number | Answers): void {
    const withStatus: Answers = (_, response) => response.writeHead(Number(answers)).end('no\0pe');
    this.answers = typeof answers === 'number' ? withStatus : answers;
  }

  accepts(): void {
    this.answers = accept;
  }

  onConnection(listener: () => void): void {
    this.server.on('connection', listener);
  }

  /** The number in the data of each event, in the order of arrival. */
  get numbers(): (number | undefined)[] {
    return this.received.map(({ event }) => event.data.n);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private readonly server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const id = String(request.headers['webhook-id']);
    const received = { id, headers: request.headers, body, event: JSON.parse(body) };
    this.received.push(received);
    await this.answers(received, response);
  });
}

/** Subscribes the receiver to every type of event. */
export async function subscribe(
  plane: TestControlPlane,
  { url }: { readonly url: string },
  changes: object = {},
): Promise<CreatedEventSubscription & { readonly secret: string }> {
  const body = { url, events: EVENT_TYPES, ...changes };
  return (await plane.post(SUBSCRIPTIONS, body).expect(201)).body;
}

export async function deliveriesOf(plane: TestControlPlane, id: string): Promise<EventDeliveryView[]> {
  const { body } = await plane.get(`${SUBSCRIPTIONS}/${id}/deliveries?limit=100`).expect(200);
  return body.items;
}

export async function subscriptionOf(plane: TestControlPlane, id: string): Promise<EventSubscriptionView> {
  const { body } = await plane.get(`${SUBSCRIPTIONS}?limit=100`).expect(200);
  return body.items.find((one: EventSubscriptionView) => one.id === id);
}

/** An event with this number about a plane, written in a transaction of its own. */
export async function tell(plane: TestControlPlane, n: number, about = 'a'): Promise<void> {
  const event: NewEvent = {
    type: 'tenant_plane.offline',
    subject: `tenant_plane:${about}`,
    page: `/fleet/${about}`,
    data: { n },
  };
  const outbox = plane.app.get(Outbox);
  await plane.app.get(Database).write((manager) => outbox.add(manager, event));
}

/** Delivers what is due. */
export function dispatch({ app }: TestControlPlane): Promise<void> {
  return app.get(EventDispatcher).dispatch();
}

/** Deletes every subscription. */
export async function unsubscribeAll(plane: TestControlPlane): Promise<void> {
  const { body } = await plane.get(`${SUBSCRIPTIONS}?limit=100`).expect(200);
  for (const { id } of body.items) await plane.delete(`${SUBSCRIPTIONS}/${id}`).expect(204);
}
