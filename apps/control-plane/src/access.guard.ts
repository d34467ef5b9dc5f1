import { type Scope } from '@atlas/operator-api';
import { DomainError, IS_PUBLIC, currentContext, refuseOtherSites } from '@atlas/platform';
import { type ServiceCall, SignatureVerifier, receivedRequestOf } from '@atlas/service-auth';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { REQUIRED, type Required, SIGNED } from './access/access.decorators';
import { type AuthenticatedRequest, type OperatorCaller, type PlaneCaller } from './access/caller';
import { OperatorAuthentication, scopeMissing } from './accounts/operator-authentication';
import { SessionCookie } from './accounts/session-cookie';
import { KeyUses } from './service-keys/key-uses';

/**
 * The application's only guard. Each route declares who may
 * call it. Calls to a route that declares nothing are refused.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly operators: OperatorAuthentication,
    private readonly cookie: SessionCookie,
    private readonly verifier: SignatureVerifier<PlaneCaller>,
    private readonly keyUses: KeyUses,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, places)) return true;
    if (this.reflector.getAllAndOverride<boolean>(SIGNED, places)) return this.admitPlane(request);
    const required = this.reflector.getAllAndOverride<Required | undefined>(REQUIRED, places);
    if (!required) throw new DomainError('forbidden', 'forbidden', 'This route declares no access rule.');
    return this.admitOperator(request, required);
  }

  private async admitOperator(request: AuthenticatedRequest, required: Required): Promise<boolean> {
    const credential = this.cookie.credentialOf(request.headers);
    if (credential?.isCookie) refuseOtherSites(request);
    const operator = await this.operators.authenticate(credential?.token ?? '');
    request.operator = { ...operator, requires: scopeIn(required) };
    setActor(operator.kind, operator.id);
    if (isMet(required, operator)) return true;
    throw required === 'session' ? onlyInPerson(operator) : scopeMissing(required);
  }

  private admitPlane(request: AuthenticatedRequest): boolean | Promise<boolean> {
    const admit = (plane: ServiceCall<PlaneCaller>): boolean => {
      request.plane = plane;
      this.keyUses.note(plane.keyId);
      setActor('tenant_plane', plane.caller.tenantPlaneId ?? plane.keyId);
      return true;
    };
    const verified = this.verifier.verify(receivedRequestOf(request));
    return verified instanceof Promise ? verified.then(admit) : admit(verified);
  }
}

function scopeIn(required: Required): Scope | undefined {
  return required === 'any-operator' || required === 'session' ? undefined : required;
}

function isMet(required: Required, { kind, scopes }: OperatorCaller): boolean {
  if (required === 'any-operator') return true;
  return required === 'session' ? kind === 'operator' : scopes.includes(required);
}

function onlyInPerson({ id }: OperatorCaller): DomainError {
  const detail =
    'This route requires an operator session; API keys are not accepted. Sign in instead. To revoke this ' +
    `key, use DELETE /api/api-keys/${id}.`;
  return new DomainError('forbidden', 'forbidden', detail);
}

function setActor(kind: string, id: string): void {
  const context = currentContext();
  if (context) context.actor = { kind, id };
}
