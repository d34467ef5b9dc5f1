import { ValidateIf } from 'class-validator';

/**
 * Allows the property to be omitted. Unlike with class-validator's IsOptional, null is rejected, because the
 * columns in which such properties are stored do not accept it.
 */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
