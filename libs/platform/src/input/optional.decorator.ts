import { ValidateIf } from 'class-validator';

/**
 * Lets the property be omitted. Unlike with class-validator's IsOptional, it may not be null, because no
 * column that it is stored in accepts null.
 */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
