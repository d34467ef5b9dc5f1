import { KnownDevices, type TenantScope } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { claimedTenant, hashToken, mintToken } from '../credentials/tenant-token';
import { KnownDevice } from './known-device.entity';

/**
 * The devices that users have signed in from. A known device grants no access. It only prevents other
 * people's guesses from counting against the device's user.
 */
@Injectable()
export class Devices {
  constructor(private readonly clock: Clock) {}

  /** Returns the device's user. Runs the query even without a token, so that timing reveals nothing. */
  userOf(scope: TenantScope, token: string | undefined): Promise<string | null> {
    return this.of(scope).userOf(hashToken(token ?? ''), this.clock.now());
  }

  /** Returns the device's token: the given one if it is this user's, otherwise a new one. */
  async remember(scope: TenantScope, userId: string, token: string | undefined): Promise<string> {
    const isKnown = token && claimedTenant('device', token) && (await this.userOf(scope, token)) === userId;
    if (isKnown) return token;
    const fresh = mintToken('device', scope.tenantId);
    await this.of(scope).add(hashToken(fresh), userId, this.clock.now());
    return fresh;
  }

  private of({ manager, tenantId }: TenantScope): KnownDevices {
    return new KnownDevices(KnownDevice, manager, { tenantId });
  }
}
