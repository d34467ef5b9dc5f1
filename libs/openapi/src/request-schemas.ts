import { type Type } from '@nestjs/common';
import { ValidationTypes, getMetadataStorage } from 'class-validator';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import { type ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata';
import { type Schema, type Schemas } from './schema';

/**
 * The keywords that only validation rules define. Types, enums and required properties come from TypeScript.
 */
const LIMITS = [
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
] as const;

/**
 * Completes the schemas of request classes with limits from their validation rules, and with defaults from
 * the values of a new instance.
 */
export function withRules(schemas: Schemas, requests: readonly Type<object>[]): Schemas {
  const rules = validationMetadatasToSchemas({
    // `uri` is JSON Schema's name for a URL.
    additionalConverters: { isUrl: { type: 'string', format: 'uri' } },
  }) as Schemas;
  const nullable = nullableProperties();
  const defaults = new Map(requests.map((request) => [request.name, Object.entries(new request())]));
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      withDefaults(withNulls(withLimits(schema, rules[name]), nullable.get(name)), defaults.get(name) ?? []),
    ]),
  );
}

function withLimits(schema: Schema, rules: Schema = {}): Schema {
  const { properties, items } = schema;
  const isInteger = rules.type === 'integer' && schema.type === 'number';
  const isUntyped = ['type', '$ref', 'anyOf'].every((key) => !(key in schema)) && 'type' in rules;
  return {
    ...schema,
    ...((isInteger || isUntyped) && { type: rules.type }),
    ...Object.fromEntries(LIMITS.filter((key) => key in rules).map((key) => [key, rules[key]])),
    ...(items && { items: withLimits(items, rules.items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, withLimits(value, rules.properties?.[key])]),
      ),
    }),
  };
}

/** By class: the properties that may be null because they have `@IsOptional()`. */
function nullableProperties(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  // This property is private, but it is the only list of all classes with rules.
  const all = getMetadataStorage() as unknown as {
    readonly validationMetadatas: ReadonlyMap<Type<object>, readonly ValidationMetadata[]>;
  };
  for (const [{ name }, metadatas] of all.validationMetadatas)
    for (const { type, name: rule, propertyName } of metadatas)
      if (type === ValidationTypes.CONDITIONAL_VALIDATION && rule === 'isOptional')
        found.set(name, (found.get(name) ?? new Set()).add(propertyName));
  return found;
}

function withNulls(schema: Schema, nullable: ReadonlySet<string> = new Set()): Schema {
  const properties = Object.entries(schema.properties ?? {}).map(([key, value]) => [
    key,
    nullable.has(key) ? orNull(value) : value,
  ]);
  return { ...schema, ...(nullable.size > 0 && { properties: Object.fromEntries(properties) }) };
}

function orNull({ description, ...schema }: Schema): Schema {
  const both =
    typeof schema.type === 'string' && !('enum' in schema)
      ? { ...schema, type: [schema.type, 'null'] }
      : { anyOf: [schema, { type: 'null' }] };
  return { ...(description !== undefined && { description }), ...both };
}

function withDefaults(schema: Schema, defaults: readonly (readonly [string, unknown])[]): Schema {
  if (defaults.length === 0) return schema;
  const properties: Record<string, Schema> = { ...schema.properties };
  for (const [key, value] of defaults) properties[key] = { ...properties[key], default: value };
  const names = defaults.map(([key]) => key);
  return { ...schema, properties, required: schema.required?.filter((key) => !names.includes(key)) };
}
