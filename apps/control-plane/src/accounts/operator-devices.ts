import { KnownDevices } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { hashCredential, mintCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { KnownDevice } from './known-device.entity';

/**
 * The devices that operators have signed in from. To be known
 * opens nothing: it only keeps others' guesses from counting.
 */
@Injectable()
export class OperatorDevices {
  constructor(private readonly clock: Clock) {}

  /** Whose device it is. Looked up whatever is shown, so that it takes as long. */
  operatorOf(manager: EntityManager, token: string | undefined): Promise<string | null> {
    return this.in(manager).userOf(hashCredential(token ?? ''), this.clock.now());
  }

  /** The token by which it is known: the one that it has shown, if that is this operator's. */
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
