import { TenantDatabase } from '@atlas/persistence';
import { Clock, SignInCookies } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { claimedTenant, hashToken } from './session-token';
import { Session } from './session.entity';
import { type SignedIn } from './sessions';

/** Of tenants' users. */
@Injectable()
export class SessionCookie extends SignInCookies<SignedIn> {
  constructor(
    config: TenantPlaneConfig,
    private readonly time: Clock,
    private readonly tenants: TenantDatabase,
  ) {
    super({ session: 'atlas_session', device: 'atlas_device' }, config.isProduction, time);
  }

  protected async endFormer(token: string, signedIn: SignedIn): Promise<void> {
    const tenantId = claimedTenant('session', token);
    if (tenantId === null || tenantId !== claimedTenant('session', signedIn.token)) return;
    const live = { tokenHash: hashToken(token), revokedAt: IsNull() };
    await this.tenants.write(tenantId, (scope) =>
      scope.update(Session, live, { revokedAt: this.time.now() }),
    );
  }
}
