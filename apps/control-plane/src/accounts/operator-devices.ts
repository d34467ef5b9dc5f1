import { KnownDevices } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { hashCredential, mintCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { KnownDevice } from './known-device.entity';

/**
 * The devices from which operators have signed in. A known device grants no access. It only
 * ensures that password guesses made elsewhere do not prevent a sign-in from this device.
 */
@Injectable()
export class OperatorDevices {
  constructor(private readonly clock: Clock) {}

  /**
   * Returns the operator to whom the device belongs. Runs the query
   * even without a token, so that the response time reveals nothing.
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
