import { type OperatorRole, type Scope } from '@atlas/operator-api';
import { type ServiceCall } from '@atlas/service-auth';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';

/** An operator, authenticated by a session or an API key. */
export interface OperatorCaller {
  readonly kind: 'operator' | 'api_key';
  /** The id of the operator or of the API key. */
  readonly id: string;
  readonly operatorId: string;
  readonly role: OperatorRole;
  readonly scopes: readonly Scope[];
  /** The scope that the route requires. The scope is checked again before the call writes anything. */
  readonly requires?: Scope;
  /** The caller's session, if they have one. */
  readonly sessionId?: string;
}

/**
 * The tenant plane that signed the call. `tenantPlaneId` is null if the
 * call was signed with the platform secret, which several cells share.
 */
export interface PlaneCaller {
  readonly tenantPlaneId: string | null;
}

export interface AuthenticatedRequest extends FastifyRequest {
  rawBody?: Buffer;
  operator?: OperatorCaller;
  plane?: ServiceCall<PlaneCaller>;
}

export const CurrentOperator = createParamDecorator(
  (_: unknown, context: ExecutionContext): OperatorCaller => {
    const { operator } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (!operator) throw new Error('This route does not admit operators. Add @Requires to it.');
    return operator;
  },
);

export const PlaneCall = createParamDecorator(
  (_: unknown, context: ExecutionContext): ServiceCall<PlaneCaller> => {
    const { plane } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (!plane) throw new Error('This route does not admit tenant planes. Add @SignedByTenantPlane to it.');
    return plane;
  },
);
