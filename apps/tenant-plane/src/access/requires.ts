import { SetMetadata } from '@nestjs/common';
import { type Permission } from '../credentials/permissions';

/** Who may call a route, as its decorator says. */
export const ACCESS = 'tenant-plane:access';
export type Access = Permission | 'any-user' | 'anybody' | 'anybody-even-without-tenant';

/** Users of the tenant with this permission. */
export const Requires = (permission: Permission): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, permission);
/** Any signed-in user of the tenant. */
export const AnyUser = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, 'any-user' satisfies Access);
/** No login, but there has to be a tenant. */
export const WithoutLogin = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, 'anybody' satisfies Access);
/** No login, and where the tenant is fixed there may be none yet. */
export const WithoutLoginOrTenant = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, 'anybody-even-without-tenant' satisfies Access);
