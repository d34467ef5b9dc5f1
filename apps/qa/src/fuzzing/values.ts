import fc from 'fast-check';
import { type Schema } from './operations';

/** Existing values, by the name of the property or parameter that takes them. */
export type RealValues = Readonly<Record<string, readonly unknown[]>>;

/** Strings that are known to break software. For strings that must always be rejected, see {@link UNFIT}. */
const NASTY = [
  '',
  ' ',
  '\t\n',
  '0',
  '-0',
  '1e400',
  'NaN',
  'null',
  'undefined',
  'true',
  '[]',
  '{}',
  "' or 1=1 --",
  '"; drop table tenants; --',
  '<script>alert(1)</script>',
  '${7*7}',
  '{{7*7}}',
  '%00',
  '%s%n',
  '../../etc/passwd',
  '..%2f..',
  'a/b',
  'a\\b',
  'a?b#c',
  'a&b=c',
  '__proto__',
  'constructor',
  'toString',
  '😀👩‍👩‍👧',
  'مرحبا',
  '\u202eabc',
  'İı',
  'ß',
  'ﬀ',
  'e\u0301',
  '\ufeff',
  '\u2028',
  'Z͑ͫ̓ͪ̂ͫ',
  '\u007f',
  '\r\nset-cookie: a=b',
  'x'.repeat(99),
  'ä'.repeat(5_000),
] as const;

export const nastyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => !text.includes('\0')),
  },
);

/** Valid in JSON, but impossible to store in a database. */
export const UNFIT = ['\0', 'a\0b', '\ud800', 'b\udfff', '\udc00\ud800'] as const;

/**
 * A local address on which nothing listens. A plane may call the URLs that it is sent, so these URLs must
 * lead nowhere.
 */
const NOWHERE = 'http://127.0.0.1:9';

const OF_FORMAT: Readonly<Record<string, fc.Arbitrary<string>>> = {
  uuid: fc.uuid(),
  email: fc.stringMatching(/^[a-z]{1,12}@[a-z]{1,12}\.example$/),
  uri: fc.constantFrom(NOWHERE, `${NOWHERE}/a`),
};

/**
 * Values for properties that the schema does not fully describe, or that contain a URL that a plane would
 * call.
 */
const OF_NAME: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  issuer: fc.constantFrom(NOWHERE, 'http://127.0.0.1:9/realm', 'not a url'),
  db_url: fc.constantFrom('postgres://a:b@127.0.0.1:9/c', 'sqlite:/tmp/none.sqlite', 'not a url'),
  slug: fc.stringMatching(/^[a-z][a-z0-9]{3,20}$/),
  wait: fc.constant(0),
};

export class Values {
  constructor(
    private readonly resolve: (schema: Schema) => Schema,
    private readonly real: RealValues,
  ) {}

  /**
   * A value that fits the schema. If existing values are known for this name, half of the results are
   * existing values.
   */
  fitting(schema: Schema, name = ''): fc.Arbitrary<unknown> {
    const real = this.real[name] ?? [];
    const made = OF_NAME[name] ?? this.made(this.resolve(schema));
    return real.length > 0 ? fc.oneof(fc.constantFrom(...real), made) : made;
  }

  /** An existing value if any are known for this name, and otherwise a value that fits the schema. */
  realistic(schema: Schema, name: string): fc.Arbitrary<unknown> {
    const real = this.real[name] ?? [];
    return real.length > 0 ? fc.constantFrom(...real) : this.fitting(schema, name);
  }

  private made(schema: Schema): fc.Arbitrary<unknown> {
    if (schema.enum) return fc.constantFrom(...schema.enum);
    const type = typeof schema.type === 'object' ? schema.type[0] : schema.type;
    if (type === 'integer')
      return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? 2 ** 31 - 1 });
    if (type === 'number')
      return fc.double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true });
    if (type === 'boolean') return fc.boolean();
    if (type === 'array') {
      const { items = {}, minItems: minLength = 0, maxItems = 5 } = schema;
      return fc.array(this.fitting(items), {
        minLength,
        maxLength: Math.max(minLength, Math.min(maxItems, 5)),
      });
    }
    if (type === 'object' || schema.properties) return this.object(schema);
    return textFor(schema);
  }

  private object({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
    const parts = Object.entries(properties).map(([name, part]) => [name, this.fitting(part, name)] as const);
    if (parts.length === 0 && additionalProperties !== false)
      return fc.dictionary(
        nastyText.filter((key) => !(key in Object.prototype) && key.length < 100),
        fc.jsonValue({ maxDepth: 2 }),
        {
          maxKeys: 4,
        },
      );
    return fc.record(Object.fromEntries(parts), { requiredKeys: [...required], noNullPrototype: true });
  }
}

function textFor({ format = '', pattern, minLength = 0, maxLength = 20_000 }: Schema): fc.Arbitrary<string> {
  const formed = OF_FORMAT[format];
  if (formed) return formed;
  const fits = (text: string): boolean => [...text].length >= minLength && [...text].length <= maxLength;
  if (pattern !== undefined) {
    const rule = new RegExp(pattern, 'u');
    const matching = fc.stringMatching(rule).filter(fits);
    // If the pattern covers only part of the string, the rest may be anything.
    return rule.test(' x ') ? fc.oneof(matching, nastyText.map((text) => `${text}x`).filter(fits)) : matching;
  }
  const edges = [minLength, Math.min(maxLength, 20_000)].map((length) => 'ä'.repeat(length));
  return fc.oneof(
    { weight: 4, arbitrary: nastyText.filter(fits) },
    { weight: 1, arbitrary: fc.constantFrom(...edges) },
  );
}
