import { type OperatorRole, type Scope } from '@atlas/operator-api';
import { type ServiceCall } from '@atlas/service-auth';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';

/** An operator, by session or by API key. */
export interface OperatorCaller {
  readonly kind: 'operator' | 'api_key';
  /** Of the operator or of the API key. */
  readonly id: string;
  readonly operatorId: string;
  readonly role: OperatorRole;
  readonly scopes: readonly Scope[];
  /** The scope that the route requires: whatever the call writes, requires it still. */
  readonly requires?: Scope;
  /** Of the session, to end it. */
  readonly sessionId?: string;
}

/**
 * A tenant plane, by its signature. Null while only the platform
 * secret is proven, which does not say which cell calls.
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
    if (!operator) throw new Error('This route has no operator: it needs @Requires.');
    return operator;
  },
);

export const PlaneCall = createParamDecorator(
  (_: unknown, context: ExecutionContext): ServiceCall<PlaneCaller> => {
    const { plane } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (!plane) throw new Error('This route has no tenant plane: it needs @SignedByTenantPlane.');
    return plane;
  },
);
