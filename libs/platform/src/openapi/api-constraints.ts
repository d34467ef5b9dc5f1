import { ValidationTypes, getMetadataStorage } from 'class-validator';

type Schema = Readonly<Record<string, unknown>>;

/**
 * class-validator rules as JSON schema. Rules missing here (such as reserved slugs) only show up when a
 * request is made.
 */
const SCHEMA_OF: Readonly<Record<string, (...constraints: unknown[]) => Schema>> = {
  isString: () => ({ type: 'string' }),
  isBoolean: () => ({ type: 'boolean' }),
  isInt: () => ({ type: 'integer' }),
  isNumber: () => ({ type: 'number' }),
  isUuid: () => ({ format: 'uuid' }),
  isEmail: () => ({ format: 'email' }),
  isUrl: () => ({ format: 'uri' }),
  isLength: (minLength, maxLength) => ({ minLength, maxLength }),
  minLength: (minLength) => ({ minLength }),
  maxLength: (maxLength) => ({ maxLength }),
  min: (minimum) => ({ minimum }),
  max: (maximum) => ({ maximum }),
  arrayNotEmpty: () => ({ minItems: 1 }),
  arrayMinSize: (minItems) => ({ minItems }),
  arrayMaxSize: (maxItems) => ({ maxItems }),
  matches: (pattern) => ({ pattern: (pattern as RegExp).source }),
};

/** The rules that validate a request's property, so that its description need not repeat them. */
export function constraintsOf(target: object, property: string | symbol): Schema {
  const rules = getMetadataStorage()
    .getTargetValidationMetadatas(target.constructor, '', true, false)
    .filter((rule) => rule.target === target.constructor && rule.propertyName === property);
  const schemaOf = (each: boolean): Schema =>
    Object.assign(
      {},
      ...rules
        .filter((rule) => Boolean(rule.each) === each)
        .map(({ name = '', constraints = [] }) => SCHEMA_OF[name]?.(...(constraints as unknown[]))),
    ) as Schema;
  const items = schemaOf(true);
  const isNullable = rules.some(
    ({ type, name }) => type === ValidationTypes.CONDITIONAL_VALIDATION && name === 'isOptional',
  );
  return {
    ...schemaOf(false),
    ...(Object.keys(items).length > 0 && { items }),
    ...(isNullable && { nullable: true }),
  };
}
