import { KnownDevices, type TenantScope } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { claimedTenant, hashToken, mintSessionToken } from '../credentials/session-token';
import { KnownDevice } from './known-device.entity';

/**
 * The devices that users have signed in from. To be known
 * opens nothing: it only keeps others' guesses from counting.
 */
@Injectable()
export class Devices {
  constructor(private readonly clock: Clock) {}

  /** Whose device it is. Looked up whatever is shown, so that it takes as long. */
  userOf(scope: TenantScope, token: string | undefined): Promise<string | null> {
    return this.of(scope).userOf(hashToken(token ?? ''), this.clock.now());
  }

  /** The token by which it is known: the one that it has shown, if that is this user's. */
  async remember(scope: TenantScope, userId: string, token: string | undefined): Promise<string> {
    const isKnown = token && claimedTenant('device', token) && (await this.userOf(scope, token)) === userId;
    if (isKnown) return token;
    const fresh = mintSessionToken('device', scope.tenantId);
    await this.of(scope).add(hashToken(fresh), userId, this.clock.now());
    return fresh;
  }

  private of({ manager, tenantId }: TenantScope): KnownDevices {
    return new KnownDevices(KnownDevice, manager, { tenantId });
  }
}
