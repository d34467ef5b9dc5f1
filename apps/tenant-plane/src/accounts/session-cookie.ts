import { TenantDatabase } from '@atlas/persistence';
import { Clock, SignInCookies } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { claimedTenant, hashToken } from './session-token';
import { Session } from './session.entity';
import { Sessions, type SignedIn } from './sessions';

/** Of tenants' users. */
@Injectable()
export class SessionCookie extends SignInCookies<SignedIn> {
  constructor(
    config: TenantPlaneConfig,
    clock: Clock,
    private readonly tenants: TenantDatabase,
    private readonly sessions: Sessions,
  ) {
    super({ session: 'atlas_session', device: 'atlas_device' }, config.isProduction, clock);
  }

  protected async endFormer(token: string, signedIn: SignedIn): Promise<void> {
    const tenantId = claimedTenant('session', token);
    if (tenantId === null || tenantId !== claimedTenant('session', signedIn.token)) return;
    await this.tenants.write(tenantId, async (scope) => {
      const former = await scope.findOne(Session, { tokenHash: hashToken(token) });
      if (former) await this.sessions.endFamily(scope, former);
    });
  }
}
