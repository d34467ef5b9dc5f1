import { ValidateIf } from 'class-validator';

/**
 * Allows the property to be omitted. Unlike with class-validator's IsOptional, null is rejected, because the
 * columns that store such properties do not accept null.
 */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
