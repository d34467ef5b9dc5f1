import { Clock } from '@atlas/platform';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { NonceStore } from './nonce-store';
import { ServiceKeyResolver } from './service-key';
import { SignatureVerifier, type ServiceAuthOptions } from './signature-verifier';
import { SignatureRefused } from './signature.errors';
import { receivedRequestOf, type SignedFastifyRequest } from './signed-fastify-request';

export const SERVICE_AUTH_OPTIONS = Symbol('SERVICE_AUTH_OPTIONS');

/**
 * Accepts signed calls, sets `request.serviceCaller`, and refuses all others with `bad_signature` or
 * `clock_skew`.
 */
@Injectable()
export class SignedServiceGuard implements CanActivate {
  private readonly verifier: SignatureVerifier;

  constructor(
    @Inject(SERVICE_AUTH_OPTIONS) options: ServiceAuthOptions,
    @Inject(ServiceKeyResolver) keys: ServiceKeyResolver,
    @Inject(NonceStore) nonces: NonceStore,
    @Inject(Clock) clock: Clock,
  ) {
    this.verifier = new SignatureVerifier(options, keys, nonces, clock);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<SignedFastifyRequest>();
    try {
      const call = await this.verifier.verify(receivedRequestOf(request));
      request.serviceCaller = call.caller;
      request.signAnswer = call.signAnswer;
      return true;
    } catch (error) {
      if (error instanceof SignatureRefused) request.signAnswer = error.signAnswer;
      throw error;
    }
  }
}
