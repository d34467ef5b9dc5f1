import { ValidateIf } from 'class-validator';

/** The property may be left out. Unlike class-validator's IsOptional it may not be null: no column that it goes to could hold that. */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
