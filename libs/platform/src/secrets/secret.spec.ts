import { format, inspect } from 'node:util';
import pino from 'pino';
import { Secret, revealed } from './secret';

const TEXT = 'open-sesame-1001';
const secret = new Secret(TEXT);

describe(Secret.name, () => {
  it('returns its text when explicitly revealed', () => {
    expect([secret.reveal(), revealed(secret), revealed(TEXT)]).toEqual([TEXT, TEXT, TEXT]);
  });

  it('equals only a secret with the same text', () => {
    expect(secret.equals(new Secret(TEXT))).toBe(true);
    expect(secret.equals(TEXT)).toBe(true);
    expect(secret.equals(new Secret(`${TEXT}x`))).toBe(false);
  });

  it.each<[string, () => string]>([
    ['a template', () => `${secret as unknown as string}`],
    ['a concatenation', () => 'at ' + (secret as unknown as string)],
    ['String', () => String(secret)],
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['inspect', () => inspect({ deep: { secret } }, { depth: 9, showHidden: true })],
    ['format', () => format('%s %o %j', secret, secret, secret)],
    ['an error', () => inspect(new Error('failed', { cause: { secret } }))],
    ['its entries', () => JSON.stringify([Object.entries(secret), { ...secret }])],
    ['a structured clone', () => inspect(structuredClone({ secret: { ...secret } }))],
    ['a log line', () => logged()],
  ])('does not appear in %s', (_, print) => {
    expect(print()).not.toContain(TEXT);
  });
});

function logged(): string {
  let text = '';
  pino({ level: 'trace' }, { write: (line: string) => (text += line) }).info(
    { secret, text: `${secret}` },
    '%o',
    secret,
  );
  expect(text).toContain('[secret]');
  return text;
}
