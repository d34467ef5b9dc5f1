import { SecretBox } from '@atlas/persistence';
import { DomainError, type Secret, newTraceId, runInContext } from '@atlas/platform';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Outbox } from '../outbox/outbox';
import { SEALED, placeIn } from '../sealing/sealed-columns';
import { type ClaimedDelivery, DeliveryQueue } from './delivery-queue';
import { EventSpreader } from './event-spreader';
import { Webhooks } from './webhooks';

const LOOK_MS = 5000;
const SLOTS = 20;
/** So that one slow receiver does not delay the others. */
const SLOTS_OF_ONE = 2;
/** How long attempts may continue while the process ends. */
const GRACE_MS = 3000;

/** Delivers events from every process. Each delivery is leased to one process at a time. */
@Injectable()
export class EventDispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(EventDispatcher.name);
  private readonly ending = new AbortController();
  private readonly graceMs = GRACE_MS;
  /** The subscriptions of the attempts that are running. */
  private readonly running = new Map<Promise<void>, string>();
  private timer?: NodeJS.Timeout;
  private current?: Promise<void>;
  private isWoken = false;
  /** Whether an attempt has ended since the last claim, so that another delivery may begin. */
  private hasRoom = false;
  private isEnding = false;
  private wakeUp: () => void = () => undefined;

  constructor(
    private readonly box: SecretBox,
    private readonly outbox: Outbox,
    private readonly spreader: EventSpreader,
    private readonly queue: DeliveryQueue,
    private readonly webhooks: Webhooks,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.wake(), LOOK_MS);
    this.outbox.onAdded(() => this.wake());
    this.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    const grace = setTimeout(() => this.ending.abort(new Error('The process ends.')), this.graceMs);
    await this.stopLooking();
    clearTimeout(grace);
  }

  /** Delivers only what {@link dispatch} is called for from now on. */
  async stopLooking(): Promise<void> {
    clearInterval(this.timer);
    this.outbox.onAdded(() => undefined);
    await this.current;
  }

  /** Looks for due deliveries now. May be called at any time, also inside a transaction's `afterCommit`. */
  private wake(): void {
    this.isWoken = true;
    this.wakeUp();
    void this.dispatch().catch((error: Error) => {
      if (!this.isEnding) this.logger.warn(`Could not deliver events, will retry: ${error.message}`);
    });
  }

  /** Delivers what is due. Resolves when nothing more is due and no attempt is running. */
  dispatch(): Promise<void> {
    this.isWoken = true;
    // Runs without an actor, even if an operator's request caused the event.
    this.current ??= runInContext({ traceId: newTraceId() }, () => this.work()).finally(
      () => (this.current = undefined),
    );
    return this.current;
  }

  private async work(): Promise<void> {
    try {
      while (!this.isEnding) {
        if (this.isWoken) {
          this.isWoken = false;
          await this.spreader.spread();
        }
        this.hasRoom = false;
        await this.fill();
        if (this.isWoken || this.hasRoom) continue;
        if (this.running.size === 0) return;
        const woken = new Promise<void>((resolve) => (this.wakeUp = resolve));
        await Promise.race([...this.running.keys(), woken]);
      }
    } finally {
      await Promise.all(this.running.keys());
    }
  }

  /** Begins due deliveries until the slots are full. */
  private async fill(): Promise<void> {
    while (!this.isEnding && this.running.size < SLOTS) {
      const claimed = await this.queue.claim(this.busy());
      if (!claimed) return;
      const attempt = this.attempt(claimed).finally(() => {
        this.running.delete(attempt);
        this.hasRoom = true;
      });
      this.running.set(attempt, claimed.subscription.id);
    }
  }

  private busy(): string[] {
    const ids = [...this.running.values()];
    return [...new Set(ids)].filter((id) => ids.filter((one) => one === id).length >= SLOTS_OF_ONE);
  }

  private async attempt({ delivery, subscription }: ClaimedDelivery): Promise<void> {
    const { id, url, secretSealed } = subscription;
    try {
      const secret = (): Secret => this.opened(secretSealed, id);
      const message = { id: delivery.eventId, url, body: delivery.body, secret };
      await this.queue.record(delivery, await this.webhooks.send(message, this.ending.signal));
    } catch (error) {
      if (this.ending.signal.aborted) await this.queue.putBack(delivery).catch(() => undefined);
      // The delivery is attempted again once its lease has expired.
      else this.logger.warn(`Could not record the delivery ${delivery.id}: ${(error as Error).message}`);
    }
  }

  private opened(sealed: string, subscriptionId: string): Secret {
    try {
      return this.box.open(sealed, placeIn(SEALED.eventSecret, subscriptionId));
    } catch {
      const detail =
        'The secret of the subscription cannot be opened. Delete the subscription and add it again.';
      throw new DomainError('secret_unreadable', 'unavailable', detail);
    }
  }
}
