import { SetMetadata } from '@nestjs/common';

export const IS_PUBLIC = 'platform:is-public';

/**
 * Marks a route that requires no authentication. Requests to a route without this decorator or a plane's own
 * access decorator are refused.
 */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(IS_PUBLIC, true);
