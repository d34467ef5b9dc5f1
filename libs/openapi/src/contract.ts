import { type Config, createGenerator } from 'ts-json-schema-generator';
import { REF, type Schema, type Schemas } from './schema';

/** Where an API's contract is declared. */
export interface ContractSource {
  readonly tsconfig: string;
  /**
   * A file or a glob. Each exported interface whose name ends in `Api` has one member per operation.
   */
  readonly files: string;
}

/** Names that the components of an OpenAPI document may have. */
const NAME = /^\w+$/;

export interface Contract {
  /** By `<METHOD> <path>`: the operation's summary and the schemas of its query, body and responses. */
  readonly operations: Schemas;
  readonly schemas: Schemas;
}

/** Reads a contract's types as JSON schemas. */
export function readContract({ tsconfig, files }: ContractSource): Contract {
  const config: Config = {
    path: files,
    tsconfig,
    type: '*',
    expose: 'export',
    jsDoc: 'extended',
    encodeRefs: false,
    skipTypeCheck: true,
    additionalProperties: false,
    extraTags: ['example'],
  };
  const { definitions = {} } = createGenerator(config).createSchema();
  const all = definitions as Schemas;
  const apis = Object.entries(all).filter(([name]) => name.endsWith('Api'));
  const settle = <T>(schema: T): T => {
    if (Array.isArray(schema)) return schema.map(settle) as T;
    if (typeof schema !== 'object' || schema === null) return schema;
    // Every object in a schema is a schema or a map of schemas.
    return settleObject(schema as Schema) as T;
  };
  const settleObject = ({ $ref, ...rest }: Schema): Schema => {
    const name = $ref?.slice('#/definitions/'.length);
    const others = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, settle(value)]));
    const more = JSON.stringify(others['additionalProperties']);
    if (more === '{}') others['additionalProperties'] = true;
    if (more === '{"not":{}}') others['additionalProperties'] = false;
    if (name === undefined) return others;
    // A name such as `Page<TenantView>` is not allowed in a document, so its schema is inlined.
    return NAME.test(name) ? { $ref: `${REF}${name}`, ...others } : { ...settle(all[name]), ...others };
  };
  const schemas = Object.entries(all).filter(([name]) => NAME.test(name));
  return {
    operations: settle(Object.assign({}, ...apis.map(([, { properties }]) => properties)) as Schemas),
    schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, settle(schema)])),
  };
}
