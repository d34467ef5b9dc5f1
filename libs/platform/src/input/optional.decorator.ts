import { ValidateIf } from 'class-validator';

/**
 * The property may be omitted. Unlike class-validator's IsOptional it may not be null: no column that it is
 * stored in accepts that.
 */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
