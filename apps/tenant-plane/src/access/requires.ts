import { type Module } from '@atlas/tenancy';
import { SetMetadata } from '@nestjs/common';
import { type Permission } from '../credentials/permission';
import { type KeyKind } from '../credentials/tenant-token';

/** The metadata key of a route's access rule. */
export const ACCESS = 'tenant-plane:access';
export type Access = Permission | 'any-user' | 'anybody' | 'anybody-even-without-tenant' | KeyAccess;

/** Admits programs that present a key of this kind. */
export interface KeyAccess {
  readonly keyOf: KeyKind;
  /** If set, users whose role includes this permission are admitted as well. */
  readonly orUsersWith?: Permission;
}

/** Admits users of the tenant whose role includes this permission. */
export const Requires = (permission: Permission): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, permission);
/** The metadata key of the module that a route is part of. */
export const MODULE = 'tenant-plane:module';
/**
 * Admits only tenants whose plan includes the module. If it is a paid extra, it must not be read-only at the
 * moment, so routes that only read do not need this.
 */
export const ChangesModule = (module: Module): MethodDecorator & ClassDecorator =>
  SetMetadata(MODULE, module);
/** Admits any signed-in user of the tenant. */
export const AnyUser = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, 'any-user' satisfies Access);
/** Requires no sign-in, but the request must be for a known tenant. */
export const WithoutLogin = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, 'anybody' satisfies Access);
/** Requires no sign-in. On a single-tenant plane, the tenant need not exist yet. */
export const WithoutLoginOrTenant = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, 'anybody-even-without-tenant' satisfies Access);
/**
 * Admits programs whose key claims a tenant that is served here, in place of a session. The key is in the
 * path, as `:key`, or it is the bearer token. The handler must prove it, in the transaction that relies on
 * it.
 */
export const WithKeyOf = (kind: KeyKind, orUsersWith?: Permission): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, { keyOf: kind, orUsersWith } satisfies Access);
