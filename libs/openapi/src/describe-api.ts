import { writeFileSync } from 'node:fs';
import {
  type ApiNotes,
  type ErrorKind,
  type HttpAppOptions,
  STATUS_OF_KIND,
  createHttpApp,
} from '@atlas/platform';
import { type DynamicModule, type INestApplication } from '@nestjs/common';
import { type ContractSource, readContract } from './contract';
import { withRules } from './request-schemas';
import { REF, type Schema, type Schemas, refOf, sortedByKey } from './schema';
import { type ServedOperation, servedOperations } from './served-operations';

interface ApiTitle {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly contract: ContractSource;
  /**
   * The errors that every operation may return, in addition to those that follow from the operation's form.
   */
  readonly refuses?: readonly ErrorKind[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

const PROBLEM_TYPE = 'application/problem+json';

/** Problem details (RFC 9457). Additional members depend on the code. */
const PROBLEM: Schema = {
  type: 'object',
  properties: {
    type: { type: 'string', pattern: '^urn:atlas:problem:[a-z0-9_]+$' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 300, maximum: 599 },
    detail: { type: 'string' },
    code: { type: 'string', pattern: '^[a-z0-9_]+$' },
    trace_id: { type: 'string' },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'trace_id'],
};

const PROBLEM_RESPONSE = {
  description: 'Refused',
  content: { [PROBLEM_TYPE]: { schema: { $ref: `${REF}Problem` } } },
};

const IDEMPOTENCY_KEY: Parameter = {
  name: 'idempotency-key',
  in: 'header',
  required: false,
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
};

const IF_MATCH: Parameter = {
  name: 'if-match',
  in: 'header',
  required: false,
  description:
    'The ETag of the response that you read. If the thing was changed since then, the answer is 412 ' +
    '`changed_meanwhile`, and nothing is written. Without the header, or with `*`, any version is changed.',
  schema: { type: 'string', pattern: '^(\\*|(W/)?"[\\x21\\x23-\\x7e]{1,200}")$' },
};

const ETAG = {
  etag: { description: 'The version, in double quotes.', schema: { type: 'string' } },
};

/** Writes a plane's OpenAPI document to the file named by the only argument. Does not start the plane. */
export async function writeOpenApi(
  module: DynamicModule,
  options: HttpAppOptions,
  title: ApiTitle,
): Promise<void> {
  const file = process.argv[2];
  if (!file) throw new Error('Pass the name of the file to write.');
  const app = await createHttpApp(module, { ...options, preview: true });
  writeFileSync(file, `${JSON.stringify(describeApi(app, title), null, 2)}\n`);
  await app.close();
}

/**
 * The OpenAPI document of an API: paths, summaries and schemas from its contract, limits from the validation
 * rules of its requests, security and refusals from the decorators of its handlers.
 * @throws Error when a handler does not serve what the contract declares
 */
function describeApi(app: INestApplication, { contract: source, refuses = [], ...title }: ApiTitle): object {
  const contract = readContract(source);
  const served = servedOperations(app);
  const requests = [...served.values()].flatMap(({ body, query }) => [body ?? [], query ?? []].flat());
  const schemas = withRules(contract.schemas, requests);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, promised] of Object.entries(contract.operations)) {
    const [method = '', path = ''] = name.split(' ');
    const operation = served.get(name);
    if (!operation) throw new Error(`No handler serves ${name}.`);
    const key = path.replaceAll(/:(\w+)/g, '{$1}');
    paths[key] = {
      ...paths[key],
      [method.toLowerCase()]: describe(name, promised, operation, schemas, refuses),
    };
  }
  return {
    openapi: '3.1.0',
    paths: sortedByKey(paths),
    info: { ...title, contact: {} },
    tags: [],
    servers: [],
    components: {
      securitySchemes: { bearer: { scheme: 'bearer', bearerFormat: 'JWT', type: 'http' } },
      schemas: sortedByKey({ ...usedSchemas(paths, schemas), Problem: PROBLEM }),
    },
  };
}

function describe(
  name: string,
  { description: summary, properties = {} }: Schema,
  operation: ServedOperation,
  schemas: Schemas,
  refuses: readonly ErrorKind[],
): object {
  const { query, body, ...answers } = properties;
  const { notes } = operation;
  if (!summary) throw new Error(`${name} has no summary. Write a comment above it in the contract.`);
  if (refOf(query) !== operation.query?.name || (operation.body && refOf(body) !== operation.body.name))
    throw new Error(`${operation.id} does not take the query or body that the contract of ${name} declares.`);
  if (!(operation.status in answers))
    throw new Error(
      `${operation.id} returns ${operation.status}, which the contract of ${name} does not list.`,
    );
  const takesIfMatch = notes.isVersioned && !name.startsWith('GET ');
  const parameters = [
    ...pathParameters(name, operation),
    ...queryParameters(schemas[refOf(query) ?? '']),
    ...(notes.takesIdempotencyKey ? [IDEMPOTENCY_KEY] : []),
    ...(takesIfMatch ? [IF_MATCH] : []),
  ];
  const takesBody = body !== undefined && !('not' in body);
  return {
    operationId: operation.id,
    summary,
    parameters,
    ...(takesBody && { requestBody: { required: true, content: contentOf(notes.consumes, body) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, schema]) => [status, responseOf(notes, schema)]),
      ),
      ...Object.fromEntries(
        [...usualRefusals(operation, parameters, takesBody), ...notes.refuses, ...refuses].map((kind) => [
          STATUS_OF_KIND[kind],
          PROBLEM_RESPONSE,
        ]),
      ),
    },
    ...(notes.takesBearer && { security: [{ bearer: [] }] }),
    tags: notes.tags,
  };
}

function pathParameters(name: string, { path }: ServedOperation): Parameter[] {
  return [...name.matchAll(/:(\w+)/g)].map(([, key = '']) => ({
    name: key,
    in: 'path',
    required: true,
    schema: path[key] ?? { type: 'string' },
  }));
}

function queryParameters({ properties = {}, required = [] }: Schema = {}): Parameter[] {
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }));
}

/** The errors that any operation of this form may return. */
function usualRefusals(
  { notes }: ServedOperation,
  parameters: readonly Parameter[],
  takesBody: boolean,
): ErrorKind[] {
  return [
    ...(['invalid', 'headers_too_large', 'unavailable', 'storage_full'] as const),
    ...(notes.takesBearer ? (['unauthenticated', 'forbidden'] as const) : []),
    ...(parameters.some((parameter) => parameter.in === 'path') ? (['not_found'] as const) : []),
    ...(takesBody ? (['too_large', 'unsupported'] as const) : []),
    ...(notes.takesIdempotencyKey ? (['conflict', 'unprocessable'] as const) : []),
    ...(parameters.includes(IF_MATCH) ? (['outdated'] as const) : []),
  ];
}

/** `void` stands for a response without a body. */
function responseOf({ produces, isVersioned }: Required<ApiNotes>, schema: Schema): object {
  const isEmpty = schema.type === 'null' || 'not' in schema;
  return {
    description: '',
    ...(isVersioned && !isEmpty && { headers: ETAG }),
    ...(!isEmpty && { content: contentOf(produces, schema) }),
  };
}

function contentOf(types: readonly string[], schema: Schema): object {
  const schemaFor = (type: string): Schema => (type === 'application/json' ? schema : { type: 'string' });
  return Object.fromEntries(types.map((type) => [type, { schema: schemaFor(type) }]));
}

/** The schemas that the paths refer to, directly or through other schemas. */
function usedSchemas(paths: object, schemas: Schemas): Schemas {
  const used = new Map<string, Schema>();
  const add = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      const schema = schemas[name];
      if (used.has(name) || !schema) continue;
      used.set(name, schema);
      add(schema);
    }
  };
  add(paths);
  return Object.fromEntries(used);
}
