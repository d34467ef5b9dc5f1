import { type ApiDocument, type Operation, type Parameter, type Schema } from './operations';
import { type Draft } from './draft';

/** One way to violate the API description in one place in a request. */
export interface Break {
  readonly name: string;
  readonly apply: (draft: Draft) => Draft;
}

/** Statuses that reject the request as invalid. For an invalid path, a 404 counts as well. */
const REFUSALS = [400, 413, 415, 422];

export function isRefusal({ name }: Break, status: number): boolean {
  return REFUSALS.includes(status) || (status === 404 && name.startsWith('path'));
}

/** Every way to break a request for this operation in exactly one place. */
export function breaksOf({ resolve }: ApiDocument, { parameters, body }: Operation): Break[] {
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const unknown: Break[] = [
    {
      name: 'query: unknown',
      apply: (draft) => ({ ...draft, query: [...draft.query, ['unheard_of', '1']] }),
    },
  ];
  return [
    ...parameters.flatMap(breaksOfParameter),
    ...(inQuery.length > 0 ? unknown : []),
    ...(body === null ? [] : breaksOfBody(body.type)),
    ...(body?.type === JSON_TYPE ? breaksInside(resolve, body.schema) : []),
  ];
}

const JSON_TYPE = 'application/json';

function breaksOfParameter({ in: place, name, schema, required }: Parameter): Break[] {
  const texts = wrongTexts(schema).map(([how, text]) => ({
    name: `${place} ${name}: ${how}`,
    apply: (draft: Draft) => withParameter(draft, place, name, text),
  }));
  const missing = {
    name: `${place} ${name}: missing`,
    apply: (draft: Draft) => withParameter(draft, place, name, null),
  };
  return required && place === 'query' ? [...texts, missing] : texts;
}

function withParameter(draft: Draft, place: Parameter['in'], name: string, text: string | null): Draft {
  if (place === 'path') return { ...draft, path: { ...draft.path, [name]: text ?? '' } };
  if (place === 'header') return { ...draft, headers: { ...draft.headers, [name]: text ?? '' } };
  const others = draft.query.filter(([key]) => key !== name);
  return { ...draft, query: text === null ? others : [...others, [name, text]] };
}

/** Invalid strings for a path, query or header parameter. */
function wrongTexts({ type, ...schema }: Schema): [string, string][] {
  if (type === 'integer' || type === 'number')
    return [
      ...['abc', '1.5', '1e400', '0x10', '1,0'].map((text): [string, string] => [`not ${type}`, text]),
      ...numbersOutside(schema).map((number): [string, string] => ['out of range', String(number)]),
    ];
  if (type === 'boolean')
    return [
      ['not a boolean', 'maybe'],
      ['not a boolean', '2'],
    ];
  return wrongStrings(schema).filter(([, text]) => !/[\0\r\n]/.test(text));
}

function numbersOutside({ minimum, maximum }: Schema): number[] {
  return [
    ...(minimum === undefined ? [] : [minimum - 1, -(2 ** 40)]),
    ...(maximum === undefined ? [] : [maximum + 1, 2 ** 53]),
  ];
}

/** Unusual strings for violating a pattern. Strings that match the pattern are left out. */
const ODD = ['!', '-', 'a b', 'É', 'A'.repeat(600), ' ', '😀'];

function wrongStrings({
  enum: allowed,
  format,
  pattern,
  minLength = 0,
  maxLength,
}: Schema): [string, string][] {
  if (allowed)
    return [
      ['not in the enum', 'unheard-of'],
      ['not in the enum', `${String(allowed[0])} `],
    ];
  const wrong: [string, string][] = [];
  if (format !== undefined)
    wrong.push(
      ...['nonsense', '@', '1234', 'a@', '😀'].map((text): [string, string] => [`not ${format}`, text]),
    );
  if (pattern !== undefined) {
    const rule = new RegExp(pattern, 'u');
    wrong.push(
      ...ODD.filter((text) => !rule.test(text)).map((text): [string, string] => ['pattern mismatch', text]),
    );
  }
  if (minLength > 0) wrong.push(['too short', 'a'.repeat(minLength - 1)]);
  if (maxLength !== undefined) wrong.push(['too long', 'a'.repeat(maxLength + 1)]);
  return wrong;
}

function breaksOfBody(type: string): Break[] {
  const as = (name: string, change: Partial<Draft>): Break => ({
    name: `body: ${name}`,
    apply: (draft) => ({ ...draft, ...change }),
  });
  const otherType = [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
  ].map((other) => as(`declared as ${other}`, { type: other }));
  if (type !== JSON_TYPE) return otherType;
  const malformed = ['{', '{"a":', '{"a":1,}', "{'a':1}", 'nonsense', '{"a":1e}', '{"a":"\n"}'];
  const others = ['[]', 'null', '1', '"text"', '[{}]'];
  return [
    ...otherType,
    ...malformed.map((text) => as('malformed', { text })),
    ...others.map((text) => as('not an object', { text })),
  ];
}

type Path = readonly (string | number)[];

/** Every way to make a property invalid, at any depth. */
function breaksInside(resolve: ApiDocument['resolve'], schema: Schema, path: Path = []): Break[] {
  const { properties = {}, required = [], additionalProperties, items, type, ...own } = resolve(schema);
  const at = (how: string, value: unknown): Break => ({
    name: `body ${path.join('.')}: ${how}`,
    apply: (draft) => ({ ...draft, body: changedAt(draft.body, path, value) }),
  });
  const inside = Object.entries(properties).flatMap(([name, part]) =>
    breaksInside(resolve, part, [...path, name]),
  );
  const missing = required.map((name) => ({
    name: `body ${[...path, name].join('.')}: missing`,
    apply: (draft: Draft) => ({ ...draft, body: changedAt(draft.body, [...path, name], undefined) }),
  }));
  const unknown = ['unheard_of', 'constructor'].map((name) => ({
    name: `body ${[...path, name].join('.')}: unknown`,
    apply: (draft: Draft) => ({ ...draft, body: changedAt(draft.body, [...path, name], 1) }),
  }));
  return [
    ...inside,
    ...missing,
    ...(additionalProperties === false ? unknown : []),
    ...(items ? breaksInside(resolve, items, [...path, 0]) : []),
    ...(path.length === 0
      ? []
      : wrongValues({ ...own, type, items, properties }).map(([how, value]) => at(how, value))),
  ];
}

const OF_TYPE: Readonly<Record<string, unknown>> = {
  string: 'text',
  integer: 7,
  number: 1.5,
  boolean: true,
  array: [[]],
  object: { a: 1 },
  null: null,
};

function wrongValues(schema: Schema): [string, unknown][] {
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return [];
  const others = Object.entries(OF_TYPE).filter(
    ([type]) => !types.includes(type) && !(type === 'integer' && types.includes('number')),
  );
  const wrong: [string, unknown][] = others.map(([type, value]) => [
    `${type} instead of ${types.join()}`,
    value,
  ]);
  if (types.includes('string')) wrong.push(...wrongStrings(schema));
  if (types.includes('integer') || types.includes('number'))
    wrong.push(...numbersOutside(schema).map((value): [string, unknown] => ['out of range', value]));
  const { minItems = 0, maxItems } = schema;
  if (minItems > 0) wrong.push(['too few', []]);
  if (maxItems !== undefined)
    wrong.push(['too many', Array.from({ length: maxItems + 1 }, () => 'a.example')]);
  return wrong;
}

/** Returns a copy of `whole` with `value` at the path. Missing parents are created. */
function changedAt(whole: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof key === 'number') {
    const [first, ...others] = Array.isArray(whole) ? (whole as unknown[]) : [];
    return [changedAt(first, rest, value), ...others];
  }
  const parts = typeof whole === 'object' && whole !== null ? whole : {};
  return { ...parts, [key]: changedAt((parts as Record<string, unknown>)[key], rest, value) };
}
