import { type CookieName, cookieIn, refuseOtherSites, setCookie } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { ControlPlaneConfig } from '../config/control-plane.config';

/** Recognises the browser that confirmed a sign-up, until the browser is closed. */
@Injectable()
export class SignupCookie {
  private readonly cookie: CookieName;

  constructor({ isProduction }: ControlPlaneConfig) {
    this.cookie = { name: 'atlas_signup', isProduction };
  }

  give(reply: FastifyReply, secret: string): void {
    setCookie(reply, this.cookie, secret, 'until closed');
  }

  /** Throws `csrf_refused` if another site's page made the browser send the cookie. */
  secretIn(request: FastifyRequest): string | undefined {
    const secret = cookieIn(request.headers, this.cookie);
    if (secret !== undefined) refuseOtherSites(request);
    return secret;
  }
}
