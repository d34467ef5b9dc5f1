import { type Scope } from '@atlas/operator-api';
import { Refuses } from '@atlas/platform';
import { SetMetadata, applyDecorators } from '@nestjs/common';

export const REQUIRED = 'control-plane:required';
export const SIGNED = 'control-plane:signed-by-tenant-plane';

/** A scope; or any operator, by session or API key; or one in person, since it is about their own account. */
export type Required = Scope | 'any-operator' | 'session';

/** Operators with this scope. */
export const Requires = (scope: Scope): MethodDecorator & ClassDecorator =>
  SetMetadata(REQUIRED, scope satisfies Required);

/** Any signed-in operator. */
export const AnyOperator = (): MethodDecorator & ClassDecorator =>
  SetMetadata(REQUIRED, 'any-operator' satisfies Required);

/** Any signed-in operator, but none of their API keys. */
export const OperatorInPerson = (): MethodDecorator & ClassDecorator =>
  SetMetadata(REQUIRED, 'session' satisfies Required);

/** Tenant planes, by a signed call. */
export const SignedByTenantPlane = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(SIGNED, true), Refuses('unauthenticated', 'forbidden', 'too_many'));
