import { type ParameterView } from '@atlas/tenant-api/runbooks';
import { checkedValues, requirePattern } from './parameters';
import { filledConfig } from './step-config';

const HOST: ParameterView = { name: 'host', required: false, enum: null, pattern: null, secret: false };
const INVALID = expect.objectContaining({ code: 'invalid_parameters' });

describe(checkedValues.name, () => {
  it.each<[string, Partial<ParameterView>, Record<string, unknown>]>([
    ['an unknown parameter', {}, { port: '1' }],
    ['a missing value', { required: true }, {}],
    ['a number', {}, { host: 1 }],
    ['a value of 4,001 characters', {}, { host: 'x'.repeat(4001) }],
    ['a line break', {}, { host: 'a\nb' }],
    ['a value that is not listed', { enum: ['a', 'b'] }, { host: 'c' }],
    ['a value of which only a part matches', { pattern: '[a-z]+' }, { host: 'web-1' }],
  ])('refuses %s', (_, parameter, given) => {
    expect(() => checkedValues([{ ...HOST, ...parameter }], given)).toThrow(INVALID);
  });

  it('refuses values that are large together', () => {
    const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
    const values = (value: string) => Object.fromEntries(names.map((name) => [name, value]));
    const parameters = names.map((name) => ({ ...HOST, name }));
    expect(() => checkedValues(parameters, values('ä'.repeat(4000)))).toThrow(INVALID);
    expect(checkedValues(parameters, values('x'.repeat(3000))).size).toBe(20);
  });

  it('accepts values that are allowed', () => {
    const parameter = { ...HOST, required: true, enum: ['web-1'], pattern: '^(web|db)-\\d$' };
    expect(checkedValues([parameter], { host: 'web-1' })).toEqual(new Map([['host', 'web-1']]));
  });

  it('compares values with patterns that would block a backtracking engine', () => {
    const pattern = '^(([a-z])+.)+[A-Z]([a-z])+$';
    requirePattern('host', pattern);
    expect(() => checkedValues([{ ...HOST, pattern }], { host: 'a'.repeat(1000) })).toThrow(INVALID);
  });

  it.each(['(a', '(a)\\1', '.{0,100}', '(.{0,50}){4}', 'a'.repeat(201)])(
    'refuses the pattern %s',
    (pattern) => {
      const refused = expect.objectContaining({ code: 'invalid_pattern' });
      expect(() => requirePattern('host', pattern)).toThrow(refused);
    },
  );
});

describe(filledConfig.name, () => {
  const values = new Map([['host', 'a"; rm -rf / #&?']]);

  it('inserts a value into one argument, and never into the command', () => {
    const config = { command: 'ping "$1"', args: ['--host={{host}}', '{{ host }}'], shell: true };
    expect(filledConfig('shell', config, values)).toEqual({
      ...config,
      args: ['--host=a"; rm -rf / #&?', 'a"; rm -rf / #&?'],
    });
  });

  it('encodes a value in a URL, and keeps it one string in a body', () => {
    const config = {
      method: 'POST' as const,
      url: 'https://example.com/{{host}}?q={{host}}',
      headers: { 'x-host': '{{host}}' },
      body: { hosts: ['{{host}}'], port: 1 },
      expect_status: null,
    };
    const encoded = encodeURIComponent('a"; rm -rf / #&?');
    expect(filledConfig('http', config, values)).toEqual({
      ...config,
      url: `https://example.com/${encoded}?q=${encoded}`,
      headers: { 'x-host': 'a"; rm -rf / #&?' },
      body: { hosts: ['a"; rm -rf / #&?'], port: 1 },
    });
  });
});
