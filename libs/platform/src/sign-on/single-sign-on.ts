import { type FastifyReply, type FastifyRequest } from 'fastify';
import { redirect } from '../http/send';
import { type Sent } from '../http/sent';
import { type Clock } from '../time/clock';
import { cookieIn, setCookie } from '../sessions/cookies';
import { type AdmitCall } from './provider-fetch';
import { type ProvenIdentity, RelyingParty, type SignOnClient } from './relying-party';
import { SignOnAttempts } from './sign-on-attempts';
import { signOnNotBegun } from './sign-on.errors';

const COOKIE = 'atlas_sign_on';
/** Long enough to enter a password and a second factor. */
const ATTEMPT_SECONDS = 10 * 60;

export interface SingleSignOnOptions {
  /** 32 bytes, the same in every process of the plane. */
  readonly key: Uint8Array;
  readonly isProduction: boolean;
  readonly clock: Clock;
  /** By default, every call to a provider may be made. */
  readonly admit?: AdmitCall;
}

/**
 * Sign-in through an identity provider: redirects the browser to the provider, and checks the response that
 * the browser brings back.
 */
export class SingleSignOn {
  private readonly relyingParty: RelyingParty;
  private readonly attempts: SignOnAttempts;

  constructor(private readonly options: SingleSignOnOptions) {
    this.relyingParty = new RelyingParty(options.clock, options.admit);
    this.attempts = new SignOnAttempts(options.key, options.clock);
  }

  /** Redirects the browser to the provider. An attempt started in one realm cannot be finished in another. */
  async begin(client: SignOnClient, realm: string, reply: FastifyReply): Promise<Sent<undefined>> {
    const { url, attempt } = await this.relyingParty.begin(client);
    this.keep(reply, await this.attempts.seal(attempt, realm, ATTEMPT_SECONDS), ATTEMPT_SECONDS);
    return redirect(reply, url);
  }

  /** Throws `sign_on_not_begun`, `sign_on_refused` or `identity_provider_unavailable`. */
  async finish(
    client: SignOnClient,
    realm: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<ProvenIdentity> {
    const sealed = cookieIn(request.headers, this.cookie);
    this.keep(reply, '', 0);
    const attempt = sealed === undefined ? null : await this.attempts.open(sealed, realm);
    const query = request.url.split('?').slice(1).join('?');
    const state = new URLSearchParams(query).getAll('state');
    if (attempt?.issuer !== client.issuer || state.length !== 1 || state[0] !== attempt.state)
      throw signOnNotBegun();
    return this.relyingParty.finish(client, attempt, query);
  }

  private keep(reply: FastifyReply, value: string, seconds: number): void {
    setCookie(reply, this.cookie, value, seconds);
  }

  private get cookie() {
    return { name: COOKIE, isProduction: this.options.isProduction };
  }
}
