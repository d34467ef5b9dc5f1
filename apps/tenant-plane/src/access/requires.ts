import { SetMetadata } from '@nestjs/common';
import { type Permission } from '../credentials/permission';

/** The metadata key of a route's access rule. */
export const ACCESS = 'tenant-plane:access';
export type Access = Permission | 'any-user' | 'anybody' | 'anybody-even-without-tenant';

/** Users of the tenant whose role includes this permission. */
export const Requires = (permission: Permission): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, permission);
/** Any signed-in user of the tenant. */
export const AnyUser = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, 'any-user' satisfies Access);
/** No sign-in, but the request must resolve to a tenant. */
export const WithoutLogin = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, 'anybody' satisfies Access);
/** No sign-in, and on a single-tenant plane the tenant may not exist yet. */
export const WithoutLoginOrTenant = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, 'anybody-even-without-tenant' satisfies Access);
