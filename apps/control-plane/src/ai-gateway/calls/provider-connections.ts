import { type LookupAddress, lookup } from 'node:dns';
import { type LookupFunction } from 'node:net';
import { isPublicAddress } from '@atlas/platform';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Agent, type Dispatcher } from 'undici';
import { ControlPlaneConfig } from '../../config/control-plane.config';

/**
 * The connections to AI providers. They have their own pools, so that a provider that hangs occupies no
 * connection that anything else needs.
 */
@Injectable()
export class ProviderConnections implements BeforeApplicationShutdown {
  private readonly secure: Agent;
  private readonly plain: Agent;

  constructor({ AI_CONNECT_TIMEOUT_MS: timeout }: ControlPlaneConfig) {
    // The gateway has its own limits for everything after the connection.
    const limits = { headersTimeout: 0, bodyTimeout: 0 };
    this.secure = new Agent({ ...limits, connect: { timeout } });
    this.plain = new Agent({ ...limits, connect: { timeout, lookup: lookupPrivate } });
  }

  to(url: string): Dispatcher {
    return new URL(url).protocol === 'https:' ? this.secure : this.plain;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.secure.destroy(), this.plain.destroy()]);
  }
}

/** Without TLS, anyone between here and a public address could read the key and the questions. */
const lookupPrivate: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
    const [first] = found ?? [];
    if (error || !first) return done(error ?? new Error(`${host} has no address`), '');
    if (found.some(({ address }) => isPublicAddress(address))) return done(new PublicAddress(host), '');
    return options.all ? done(null, found) : done(null, first.address, first.family);
  });
};

class PublicAddress extends Error {
  readonly code = 'PUBLIC_ADDRESS_NEEDS_HTTPS';

  constructor(host: string) {
    super(`${host} has an address on the public internet, which requires https`);
  }
}
