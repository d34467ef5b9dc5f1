import { Clock, SignInCookies } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';

/** The sign-in cookies of a tenant's users. */
@Injectable()
export class SessionCookie extends SignInCookies {
  constructor(config: TenantPlaneConfig, clock: Clock) {
    super({ session: 'atlas_session', device: 'atlas_device' }, config.isProduction, clock);
  }
}
