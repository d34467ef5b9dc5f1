import { KnownDevices } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { hashCredential, mintCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { KnownDevice } from './known-device.entity';

/**
 * The devices that operators have signed in from. A known device grants no
 * access: it only keeps password guesses made elsewhere from locking it out.
 */
@Injectable()
export class OperatorDevices {
  constructor(private readonly clock: Clock) {}

  /**
   * Returns the operator whose device this is. Without a token it
   * still runs the query, so that the response time reveals nothing.
   */
  operatorOf(manager: EntityManager, token: string | undefined): Promise<string | null> {
    return this.in(manager).userOf(hashCredential(token ?? ''), this.clock.now());
  }

  /** Returns the presented token if it belongs to this operator, otherwise a new one. */
  async remember(manager: EntityManager, operatorId: string, token: string | undefined): Promise<string> {
    if (token !== undefined && (await this.operatorOf(manager, token)) === operatorId) return token;
    const fresh = mintCredential('aod').value;
    await this.in(manager).add(hashCredential(fresh), operatorId, this.clock.now());
    return fresh.reveal();
  }

  private in(manager: EntityManager): KnownDevices {
    return new KnownDevices(KnownDevice, manager);
  }
}
