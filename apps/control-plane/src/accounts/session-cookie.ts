import { Clock, SignInCookies } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../config/control-plane.config';

/** The session cookies of operators. */
@Injectable()
export class SessionCookie extends SignInCookies {
  constructor(config: ControlPlaneConfig, clock: Clock) {
    super({ session: 'atlas_operator', device: 'atlas_operator_device' }, config.isProduction, clock);
  }
}
