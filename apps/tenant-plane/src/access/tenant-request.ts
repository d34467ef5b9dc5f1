import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type KeyKind } from '../credentials/tenant-token';
import { type Tenant } from '../tenancy/tenant.entity';

/** A key that claims a tenant which is served here and active. The claim is not proven yet. */
export interface ClaimedKey {
  readonly kind: KeyKind;
  readonly tenantId: string;
  readonly token: string;
}

export interface TenantRequest extends FastifyRequest {
  tenant?: Tenant;
  user?: SignedInUser;
  key?: ClaimedKey;
}

/**
 * The tenant of this request. The guard has already checked that the request's host, header and session
 * agree.
 */
export const CurrentTenant = createParamDecorator((_: unknown, context: ExecutionContext): Tenant => {
  const { tenant } = context.switchToHttp().getRequest<TenantRequest>();
  if (!tenant) throw new Error('This route does not require a tenant, so it cannot use @CurrentTenant.');
  return tenant;
});

/** Like {@link CurrentTenant}, but null on a plane that has no tenant yet. */
export const OptionalTenant = createParamDecorator(
  (_: unknown, context: ExecutionContext): Tenant | null =>
    context.switchToHttp().getRequest<TenantRequest>().tenant ?? null,
);

export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): SignedInUser => {
  const { user } = context.switchToHttp().getRequest<TenantRequest>();
  if (!user) throw new Error('This route does not require a user. Add @Requires to it.');
  return user;
});

/** The user or the key that this request is made with. */
export type Caller = { readonly tenantId: string } & (
  { readonly user: SignedInUser } | { readonly key: ClaimedKey }
);

export function callerOf({ tenant, user, key }: TenantRequest): Caller {
  if (key) return { tenantId: key.tenantId, key };
  if (!tenant || !user) throw new Error('This route requires neither a user nor a key.');
  return { tenantId: tenant.id, user };
}

/** For routes that admit both users and keys. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller =>
  callerOf(context.switchToHttp().getRequest()),
);

/** The key that this request presents. */
export const CurrentKey = createParamDecorator((_: unknown, context: ExecutionContext): ClaimedKey => {
  const { key } = context.switchToHttp().getRequest<TenantRequest>();
  if (!key) throw new Error('This route does not require a key. Add @WithKeyOf to it.');
  return key;
});
