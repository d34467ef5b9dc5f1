import { type IncomingHttpHeaders } from 'node:http';
import { DEVICE_SECONDS } from '@atlas/persistence';
import {
  Clock,
  type CookieName,
  type SessionCredential,
  cookieIn,
  sessionCredentialOf as credentialOf,
  setCookie,
} from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ControlPlaneConfig } from '../control-plane.config';
import { type SignedIn } from './operator-sessions.service';

const SESSION = 'atlas_operator';
const DEVICE = 'atlas_operator_device';

/** The session of an operator's browser, and that the device is known, in cookies that no script can read. */
@Injectable()
export class SessionCookie {
  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Puts the tokens into cookies, and into nothing else. */
  handOver(
    { token, device_token: device, ...shown }: SignedIn,
    reply: FastifyReply,
  ): Omit<SignedIn, 'token' | 'device_token'> {
    const seconds = Math.floor((shown.expires_at.getTime() - this.clock.now().getTime()) / 1000);
    setCookie(reply, this.named(SESSION), token, seconds);
    if (device !== undefined) this.keepDevice(device, reply);
    return shown;
  }

  keepDevice(token: string, reply: FastifyReply): void {
    setCookie(reply, this.named(DEVICE), token, DEVICE_SECONDS);
  }

  /** What a browser's cookie says, where the body says nothing. */
  withDevice<T extends { readonly device_token?: string }>(dto: T, headers: IncomingHttpHeaders): T {
    return { ...dto, device_token: dto.device_token ?? cookieIn(headers, this.named(DEVICE)) };
  }

  /** The device stays known. */
  clear(reply: FastifyReply): void {
    setCookie(reply, this.named(SESSION), '', 0);
  }

  /** What a request proves its session with: the bearer's token, or else the cookie's. */
  credentialOf(headers: IncomingHttpHeaders): SessionCredential | undefined {
    return credentialOf(headers, this.named(SESSION));
  }

  private named(name: string): CookieName {
    return { name, isProduction: this.config.web.isProduction };
  }
}
