import { SetMetadata } from '@nestjs/common';

export const IS_PUBLIC = 'platform:is-public';

/**
 * The route requires no authentication. Without this or a plane's own access decorator, a route is refused.
 */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(IS_PUBLIC, true);
