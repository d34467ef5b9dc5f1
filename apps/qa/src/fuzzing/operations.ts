import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type PlaneName = 'control-plane' | 'tenant-plane';

/** The subset of JSON Schema that the API descriptions use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
}

export interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly type: string; readonly schema: Schema } | null;
  /** The media types of the responses, by status. */
  readonly answers: Readonly<Record<string, readonly string[]>>;
}

export interface ApiDocument {
  readonly text: object;
  readonly operations: readonly Operation[];
  resolve(schema: Schema): Schema;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const FOLDER = join(__dirname, '../../../../docs/openapi');

/** The plane's own API description. */
export function documentOf(plane: PlaneName): ApiDocument {
  const text = JSON.parse(readFileSync(join(FOLDER, `${plane}.json`), 'utf8')) as OpenApi;
  /** Returns an equivalent schema without references, alternatives or constants. */
  const resolve = ({ $ref, anyOf, const: only, ...schema }: Schema): Schema => {
    const name = $ref?.split('/').at(-1);
    if (name !== undefined) return { ...resolve(text.components.schemas[name] ?? {}), ...schema };
    if (only !== undefined) return { ...schema, enum: [only] };
    if (!anyOf) return schema;
    const parts = anyOf.map(resolve);
    const types = parts.flatMap(({ type = [] }) => type);
    const allowed = parts.flatMap(({ enum: some = [], type }) => (type === 'null' ? [null] : some));
    const hasEnum = parts.some((part) => part.enum !== undefined);
    return {
      ...Object.assign({}, ...parts),
      ...schema,
      type: types,
      ...(hasEnum && { enum: allowed }),
    } as Schema;
  };
  const operations = Object.entries(text.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => operationOf(method, path, described, resolve)),
  );
  return { text, operations, resolve };
}

export const titleOf = ({ method, path }: Operation): string => `${method} ${path}`;

function operationOf(
  method: string,
  path: string,
  described: Described,
  resolve: ApiDocument['resolve'],
): Operation {
  const { parameters = [], requestBody, responses } = described;
  const [body] = Object.entries(requestBody?.content ?? {});
  return {
    method: method.toUpperCase(),
    path,
    parameters: parameters.map((one) => ({ ...one, schema: resolve(one.schema) })),
    body: body ? { type: body[0], schema: body[1].schema } : null,
    answers: Object.fromEntries(
      Object.entries(responses).map(([status, { content = {} }]) => [status, Object.keys(content)]),
    ),
  };
}
