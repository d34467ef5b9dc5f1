import { Clock, SignInCookies } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';

/** The cookies of tenants' users. */
@Injectable()
export class SessionCookie extends SignInCookies {
  constructor(config: TenantPlaneConfig, clock: Clock) {
    super({ session: 'atlas_session', device: 'atlas_device' }, config.isProduction, clock);
  }
}
