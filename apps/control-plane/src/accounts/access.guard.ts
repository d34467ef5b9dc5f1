import { DomainError, IS_PUBLIC, currentContext } from '@atlas/platform';
import { SignatureVerifier, receivedRequestOf } from '@atlas/service-auth';
import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { KeyUses } from '../tenant-planes/key-uses';
import { type AuthenticatedRequest, type PlaneCaller } from './caller';
import { OperatorAuthentication } from './operator-authentication';
import { type Scope } from './scopes';

const REQUIRED_SCOPE = 'control-plane:required-scope';
const SIGNED = 'control-plane:signed-by-tenant-plane';

/** Operators with this scope. */
export const Requires = (scope: Scope): MethodDecorator & ClassDecorator =>
  SetMetadata(REQUIRED_SCOPE, scope);

/** Any signed-in operator. */
export const AnyOperator = (): MethodDecorator & ClassDecorator => SetMetadata(REQUIRED_SCOPE, null);

/** Tenant planes, by a signed call. */
export const SignedByTenantPlane = (): MethodDecorator & ClassDecorator => SetMetadata(SIGNED, true);

/** The one guard: each route says who may call it, and one that says nothing is refused. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly operators: OperatorAuthentication,
    private readonly verifier: SignatureVerifier<PlaneCaller>,
    private readonly keyUses: KeyUses,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, places)) return true;
    if (this.reflector.getAllAndOverride<boolean>(SIGNED, places)) return this.admitPlane(request);
    const scope = this.reflector.getAllAndOverride<Scope | null | undefined>(REQUIRED_SCOPE, places);
    if (scope === undefined) throw new DomainError('forbidden', 'forbidden', 'This route is open to nobody.');
    return this.admitOperator(request, scope);
  }

  private async admitOperator(request: AuthenticatedRequest, scope: Scope | null): Promise<boolean> {
    const operator = await this.operators.authenticate(request.headers.authorization);
    request.operator = operator;
    setActor(operator.kind, operator.id);
    if (scope === null || operator.scopes.includes(scope)) return true;
    throw new DomainError(
      'forbidden',
      'forbidden',
      `This needs the scope ${scope}, which your role or API key does not have.`,
    );
  }

  private async admitPlane(request: AuthenticatedRequest): Promise<boolean> {
    request.plane = await this.verifier.verify(receivedRequestOf(request));
    this.keyUses.note(request.plane.keyId);
    setActor('tenant_plane', request.plane.caller.tenantPlaneId ?? request.plane.keyId);
    return true;
  }
}

function setActor(kind: string, id: string): void {
  const context = currentContext();
  if (context) context.actor = { kind, id };
}
