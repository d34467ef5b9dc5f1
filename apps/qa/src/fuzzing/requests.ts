import fc from 'fast-check';
import { type Break, breaksOf } from './breaks';
import { type ApiDocument, type Operation } from './operations';
import { UNFIT, type Values, nastyText } from './values';
import { type Draft } from './draft';

export interface FuzzRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface FuzzCase {
  readonly request: FuzzRequest;
  /** The violation for which the request must be refused, or null if there is none. */
  readonly broken: Break | null;
}

/**
 * Cases for one operation. The same seed gives the same cases. Two in five match the API description, two in
 * five violate it in one place, and one in five is a request that no client would send.
 */
export function casesOf(
  document: ApiDocument,
  operation: Operation,
  values: Values,
  { seed, count }: { readonly seed: number; readonly count: number },
): FuzzCase[] {
  const breaks = breaksOf(document, operation);
  const fitting = draftOf(operation, values, (schema, name) => values.fitting(schema, name));
  const realistic = draftOf(operation, values, (schema, name) => values.realistic(schema, name ?? ''));
  const broken = Math.floor((count * 2) / 5);
  const wild = Math.floor(count / 5);
  const sampled = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number): T[] =>
    numRuns === 0 ? [] : fc.sample(arbitrary, { seed, numRuns });
  const asCase = (draft: Draft, breaking: Break | null = null): FuzzCase => ({
    request: written(operation, draft),
    broken: breaking,
  });
  // If there are fewer cases than possible violations, the seed decides which violations are used.
  const from = breaks.length > 0 ? Math.abs(seed) % breaks.length : 0;
  const toBreak = sampled(realistic, breaks.length > 0 ? broken : 0).map((draft, at) => {
    const breaking = breaks[(from + at) % breaks.length] as Break;
    return asCase(breaking.apply(draft), breaking);
  });
  return [
    ...toBreak,
    ...sampled(fc.tuple(realistic, WILD), wild).map(([draft, make]) => asCase(make(draft))),
    ...sampled(fitting, count - wild - toBreak.length).map((draft) => asCase(draft)),
  ];
}

type Choose = Values['fitting'];

function draftOf({ parameters, body }: Operation, values: Values, choose: Choose): fc.Arbitrary<Draft> {
  const of = (place: string, isAsked = true) =>
    parameters
      .filter((parameter) => parameter.in === place && parameter.required === isAsked)
      .map(({ name, schema }) => [name, choose.call(values, schema, name).map(asText)] as const);
  const record = (place: string): fc.Arbitrary<Record<string, string>> =>
    fc.record(Object.fromEntries([...of(place), ...of(place, false)]), {
      requiredKeys: of(place).map(([name]) => name),
      noNullPrototype: true,
    });
  return fc.record({
    path: record('path'),
    query: record('query').map((query) => Object.entries(query)),
    headers: record('header'),
    body: body === null ? fc.constant(undefined) : values.fitting(body.schema),
    type: fc.constant(body?.type ?? ''),
  });
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function written(
  { method, path }: Operation,
  { path: parts, query, headers, body, type, text }: Draft,
): FuzzRequest {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encoded((parts[name] || 'x').slice(0, 100)),
  );
  const search = query.map(([key, value]) => `${encoded(key)}=${encoded(value)}`).join('&');
  const content =
    text ??
    (body === undefined
      ? ''
      : typeof body === 'string' && !type.includes('json')
        ? body
        : JSON.stringify(body));
  return {
    method,
    target: search === '' ? filled : `${filled}?${search}`,
    headers: { ...headers, ...(type !== '' && { 'content-type': type }) },
    body: Buffer.isBuffer(content) ? content : Buffer.from(content),
  };
}

/**
 * Percent-encodes a string. Ill-formed Unicode is replaced first, and a string that is already encoded stays
 * as it is.
 */
function encoded(text: string): string {
  if (/^(%[0-9A-Fa-f]{2})+$/.test(text)) return text;
  const dots = /^\.+$/.test(text) ? 'dots' : text;
  return encodeURIComponent(dots.toWellFormed());
}

type Make = (draft: Draft) => Draft;

const inPaths =
  (text: string): Make =>
  (draft) => ({
    ...draft,
    path: Object.fromEntries(Object.keys(draft.path).map((name) => [name, text])),
    query: draft.query.map(([key]) => [key, text]),
  });

const twice: Make = (draft) => ({ ...draft, query: draft.query.flatMap((one) => [one, one]) });

const inBody =
  (change: (json: string) => string | Buffer): Make =>
  (draft) =>
    draft.body === undefined ? draft : { ...draft, text: change(JSON.stringify(draft.body)) };

const asFirst = (json: string, property: string): string =>
  json.replace('{', json === '{}' ? `{${property}` : `{${property},`);

/** Changes that no client would make by mistake. */
const WILD: fc.Arbitrary<Make> = fc.oneof(
  fc
    .constantFrom('%FF', '%C3%28', '%00', '%2F', '%2E%2E%2F', '%252F', '%ED%A0%80', '%F0%9F%98%80')
    .map(inPaths),
  nastyText.map((text) => inPaths(text.slice(0, 400))),
  fc.constant(twice),
  fc
    .constantFrom('1e400', '-0', '-1e-400', '9007199254740993', '1E+2')
    .map((number) => inBody((json) => json.replace(/:("[^"]*"|\d+)/, `:${number}`))),
  fc
    .constantFrom('"__proto__":{"a":1}', '"constructor":{"prototype":{"a":1}}', '"toString":1', '"":""')
    .map((property) => inBody((json) => asFirst(json, property))),
  fc
    .constantFrom(60, 20_000)
    .map((depth) => inBody((json) => asFirst(json, `"a":${'['.repeat(depth)}${']'.repeat(depth)}`))),
  fc
    .constantFrom(...UNFIT)
    .map((text) => inBody((json) => json.replace(/:"[^"]*"/, `:${JSON.stringify(text)}`))),
  fc.constant(
    inBody((json) => Buffer.concat([Buffer.from(json.slice(0, -1)), Buffer.from([0xff, 0xfe, 0x7d])])),
  ),
  fc.constant(inBody((json) => `\ufeff${json}`)),
  nastyText.map((text) => inBody((json) => json.replace(/:"[^"]*"/, `:${JSON.stringify(text)}`))),
  fc
    .constantFrom(
      'accept',
      'traceparent',
      'x-forwarded-host',
      'x-forwarded-for',
      'cookie',
      'if-none-match',
      'content-encoding',
    )
    .map((name): Make => (draft) => ({ ...draft, headers: { ...draft.headers, [name]: "a=b; '\u00e9%00" } })),
);
