import { type Database } from '@atlas/persistence';
import { type Clock } from '@atlas/platform';
import { NonceStore } from '@atlas/service-auth';
import { LessThan } from 'typeorm';
import { RequestNonce } from './request-nonce.entity';

/** The nonces of accepted calls, single use over all processes that share the database, and across restarts. */
export abstract class RequestNonces extends NonceStore {
  constructor(
    protected readonly database: Database,
    protected readonly clock: Clock,
  ) {
    super();
  }

  /** Forgets nonces whose signatures are too old to be accepted. */
  async sweep(): Promise<void> {
    const expiresAt = LessThan(this.clock.now());
    await this.database.write((manager) => manager.delete(RequestNonce, { expiresAt }));
  }
}
