import { type Database } from '@atlas/persistence';
import { type Clock } from '@atlas/platform';
import { NonceStore, type NonceUse } from '@atlas/service-auth';
import { LessThan } from 'typeorm';
import { LiveNonces } from './live-nonces';
import { RequestNonce } from './request-nonce.entity';

/**
 * The nonces of accepted calls. Each can be used only once,
 * across restarts and all processes that share the database.
 */
export abstract class RequestNonces extends NonceStore {
  readonly live: LiveNonces;

  constructor(
    protected readonly database: Database,
    protected readonly clock: Clock,
  ) {
    super();
    this.live = new LiveNonces(clock);
  }

  consume(use: NonceUse): boolean | Promise<boolean> {
    this.live.add(use);
    return this.keepFirst(use);
  }

  /** Deletes nonces whose signatures are too old to be accepted. */
  async sweep(): Promise<void> {
    const expiresAt = LessThan(this.clock.now());
    await this.database.write((manager) => manager.delete(RequestNonce, { expiresAt }));
  }

  /** Like {@link NonceStore.consume}. */
  protected abstract keepFirst(use: NonceUse): boolean | Promise<boolean>;
}
