import { Clock, SignInCookies } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { ControlPlaneConfig } from '../control-plane.config';
import { OperatorSessions, type SignedIn } from './operator-sessions.service';

/** Of operators. */
@Injectable()
export class SessionCookie extends SignInCookies<SignedIn> {
  constructor(
    config: ControlPlaneConfig,
    clock: Clock,
    private readonly sessions: OperatorSessions,
  ) {
    super({ session: 'atlas_operator', device: 'atlas_operator_device' }, config.isProduction, clock);
  }

  protected endFormer(token: string): Promise<void> {
    return this.sessions.endByToken(token);
  }
}
