import { type OpenAPIObject } from '@nestjs/swagger';
import { type ErrorKind, STATUS_OF_KIND } from '../errors/errors';

type Schema = Readonly<Record<string, unknown>>;

/** What handlers answer, by `<Controller>_<method>`; generated from their types by `describe-answers.mjs`. */
export interface ApiAnswers {
  readonly handlers: Readonly<Record<string, Readonly<Record<string, Schema | null>>>>;
  /** What pipes validate in their paths. */
  readonly parameters: Readonly<Record<string, Readonly<Record<string, Schema>>>>;
  readonly schemas: Readonly<Record<string, Schema>>;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; schema?: Schema }[];
  readonly requestBody?: unknown;
  readonly security?: unknown;
  responses: Record<string, Response>;
  'x-produces'?: readonly string[];
}

interface Response {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

const PROBLEM_TYPE = 'application/problem+json';

/** RFC 9457. Further members depend on the code. */
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

/**
 * Adds each operation's answers and refusals to the document; `refused` applies to every operation of the
 * plane.
 */
export function describeAnswers(
  document: OpenAPIObject,
  answers: ApiAnswers,
  refused: readonly ErrorKind[] = [],
): void {
  const schemas = { ...(document.components ??= {}).schemas } as Record<string, Schema>;
  for (const [name, schema] of Object.entries(schemas))
    schemas[name] = { ...schema, additionalProperties: false };
  Object.assign(schemas, { ...answers.schemas, Problem: PROBLEM });
  // A schema of JSON Schema, which OpenAPI 3.1 takes as it is.
  document.components.schemas = sortedByKey(schemas) as NonNullable<typeof document.components.schemas>;
  // By name, so that moving code changes nothing.
  document.paths = sortedByKey(document.paths);
  for (const path of Object.values(document.paths))
    for (const operation of Object.values(path) as Operation[]) describe(operation, answers, refused);
}

function sortedByKey<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describe(
  operation: Operation,
  { handlers, parameters }: ApiAnswers,
  refused: readonly ErrorKind[],
): void {
  for (const parameter of operation.parameters ?? [])
    parameter.schema = parameters[operation.operationId]?.[parameter.name] ?? parameter.schema;
  const { responses } = operation;
  const problems = Object.fromEntries(
    Object.keys(responses)
      .filter((status) => Number(status) >= 400)
      .concat([...usual(operation), ...refused].map((kind) => String(STATUS_OF_KIND[kind])))
      .map((status) => [status, PROBLEM_RESPONSE]),
  );
  const { 'x-produces': types = ['application/json'] } = operation;
  delete operation['x-produces'];
  const sent = Object.entries(handlers[operation.operationId] ?? {}).map(([status, schema]) => [
    status,
    responseOf(types, schema),
  ]);
  operation.responses = { ...Object.fromEntries(sent), ...problems } as Record<string, Response>;
}

/** Refusals that any operation of this form may give. */
function usual({ parameters = [], requestBody, security }: Operation): ErrorKind[] {
  const isKeyed = parameters.some(({ name }) => name === 'idempotency-key');
  return [
    ...(['invalid', 'headers_too_large', 'unavailable', 'storage_full'] as const),
    ...(security ? (['unauthenticated', 'forbidden'] as const) : []),
    ...(parameters.some((parameter) => parameter.in === 'path') ? (['not_found'] as const) : []),
    ...(requestBody ? (['too_large', 'unsupported'] as const) : []),
    ...(isKeyed ? (['conflict', 'unprocessable'] as const) : []),
  ];
}

const PROBLEM_RESPONSE: Response = {
  description: 'Refused',
  content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
};

function responseOf(types: readonly string[], schema: Schema | null): Response {
  if (schema === null) return { description: '' };
  return {
    description: '',
    content: Object.fromEntries(
      types.map((type) => [type, { schema: type === 'application/json' ? schema : { type: 'string' } }]),
    ),
  };
}
