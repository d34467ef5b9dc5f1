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
import { TenantPlaneConfig } from '../tenant-plane.config';
import { type SignedIn } from './sessions';

const SESSION = 'atlas_session';
const DEVICE = 'atlas_device';

/** Without the tokens where they are set as cookies. */
export type SignInAnswer = Pick<SignedIn, 'expires_at' | 'user'> & Partial<SignedIn>;

interface HasDevice {
  readonly device_token?: string;
}

/** The session of a browser, and that the device is known, in cookies that no script can read. */
@Injectable()
export class SessionCookie {
  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Whoever asks for it by `cookie` gets the tokens as cookies, and as nothing else. */
  answer(signedIn: SignedIn, { cookie }: { readonly cookie: boolean }, reply: FastifyReply): SignInAnswer {
    if (!cookie) return signedIn;
    const { token, expires_at, user, device_token } = signedIn;
    const seconds = Math.floor((expires_at.getTime() - this.clock.now().getTime()) / 1000);
    setCookie(reply, named(SESSION, this.config), token, seconds);
    if (device_token) setCookie(reply, named(DEVICE, this.config), device_token, DEVICE_SECONDS);
    return { expires_at, user };
  }

  /** The device stays known. */
  clear(reply: FastifyReply): void {
    setCookie(reply, named(SESSION, this.config), '', 0);
  }

  /** What a browser's cookie says, where the body says nothing. */
  withDevice<T extends HasDevice>(dto: T, headers: IncomingHttpHeaders): T {
    return { ...dto, device_token: dto.device_token ?? cookieIn(headers, named(DEVICE, this.config)) };
  }
}

/** What a request proves its session with: the bearer's token, or else the cookie's. */
export function sessionCredentialOf(
  headers: IncomingHttpHeaders,
  config: TenantPlaneConfig,
): SessionCredential | undefined {
  return credentialOf(headers, named(SESSION, config));
}

function named(name: string, { isProduction }: TenantPlaneConfig): CookieName {
  return { name, isProduction };
}
