import { type Scope } from '@atlas/operator-api';
import { Refuses } from '@atlas/platform';
import { SetMetadata, applyDecorators } from '@nestjs/common';

export const REQUIRED = 'control-plane:required';
export const SIGNED = 'control-plane:signed-by-tenant-plane';

/**
 * A scope, `any-operator` or `session`. `any-operator` accepts a session or an API
 * key. `session` is for routes about the caller's own account and accepts no API keys.
 */
export type Required = Scope | 'any-operator' | 'session';

/** Admits operators with this scope. */
export const Requires = (scope: Scope): MethodDecorator & ClassDecorator =>
  SetMetadata(REQUIRED, scope satisfies Required);

/** Admits any operator, with a session or an API key. */
export const AnyOperator = (): MethodDecorator & ClassDecorator =>
  SetMetadata(REQUIRED, 'any-operator' satisfies Required);

/** Admits any operator with a session. API keys are refused. */
export const OperatorInPerson = (): MethodDecorator & ClassDecorator =>
  SetMetadata(REQUIRED, 'session' satisfies Required);

/** Admits signed calls from tenant planes. */
export const SignedByTenantPlane = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(SIGNED, true), Refuses('unauthenticated', 'forbidden', 'too_many'));
