import { type IncomingHttpHeaders } from 'node:http';
import {
  Clock,
  type CookieName,
  type SessionCredential,
  sessionCredentialOf as credentialOf,
  setCookie,
} from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ControlPlaneConfig } from '../control-plane.config';
import { type SignedIn } from './operator-sessions.service';

/** The session of an operator's browser, in a cookie that no script can read. */
@Injectable()
export class SessionCookie {
  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Puts the session's token into the cookie, and into nothing else. */
  handOver({ token, ...shown }: SignedIn, reply: FastifyReply): Omit<SignedIn, 'token'> {
    const seconds = Math.floor((shown.expires_at.getTime() - this.clock.now().getTime()) / 1000);
    setCookie(reply, this.name, token, seconds);
    return shown;
  }

  clear(reply: FastifyReply): void {
    setCookie(reply, this.name, '', 0);
  }

  /** What a request proves its session with: the bearer's token, or else the cookie's. */
  credentialOf(headers: IncomingHttpHeaders): SessionCredential | undefined {
    return credentialOf(headers, this.name);
  }

  private get name(): CookieName {
    return { name: 'atlas_operator', isProduction: this.config.web.isProduction };
  }
}
