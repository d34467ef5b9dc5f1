import { Redaction } from './redaction';
import { ShownText } from './shown-text';

const NAMES = {
  userNames: ['Anna Schmidt', 'Bo', 'Zoë O’Neil', '山田太郎'],
  hostNames: ['web-1', 'db'],
};
const hidden = (text: string): string => new Redaction(NAMES, text).hide(text);

describe('redaction', () => {
  it.each([
    ['mail ops@acme.example, then jo.doe+x@acme.example', 'mail <EMAIL_1>, then <EMAIL_2>'],
    ['10.0.0.1 cannot reach 10.0.0.2:80 or 10.0.0.1', '<IP_1> cannot reach <IP_2>:80 or <IP_1>'],
    ['fe80::1 and [2001:db8::7]:443 and ::ffff:10.0.0.9', '<IP_1> and [<IP_2>]:443 and <IP_3>'],
    ['at 12:34:56, v300.1.2.3 in std::vector', 'at 12:34:56, v300.1.2.3 in std::vector'],
    ['web-1 and WEB-1.corp.example, not web-10', '<HOST_1> and <HOST_2>, not web-10'],
    ['the db is down, the dbs are not', 'the <HOST_1> is down, the dbs are not'],
    ['see https://wiki.corp.example:8443/a?b', 'see https://<HOST_1>:8443/a?b'],
    ['anna schmidt and Anna called, an annals did not', '<USER_1> and <USER_2> called, an annals did not'],
    ['Zoë O’Neil’s shift; Bo is short', '<USER_1>’s shift; <USER_2> is short'],
    ['担当は山田太郎です', '担当は<USER_1>です'],
  ])('replaces names and addresses, and nothing else: %s', (text, expected) => {
    const redaction = new Redaction(NAMES, text);
    expect(redaction.hide(text)).toBe(expected);
    expect(redaction.restore(expected)).toBe(text);
  });

  it.each([
    ['password=hunter2-x', 'password=[redacted]'],
    ['{"api_key": "hunter2-x"}', '{"api_key": "[redacted]"}'],
    ['Authorization: Bearer hunter2-xyz', 'Authorization: Bearer [redacted]'],
    ['Cookie: sid=hunter2-x; theme=dark', 'Cookie: [redacted]'],
    ['postgres://app:hunter2-x@pg.example/app', 'postgres://[redacted]@<HOST_1>/app'],
    ['the key sk-hunter2-xhunter2-x was used', 'the key [redacted] was used'],
    [`ats_${'hunter2'.repeat(3)} leaked`, '[redacted] leaked'],
    [`ads_${'hunter2'.repeat(3)} leaked`, '[redacted] leaked'],
    ['eyJhbGciOiJIUzI1NiJ9.hunter2x.hunter2x leaked', '[redacted] leaked'],
    ['-----BEGIN PRIVATE KEY-----\nhunter2-x\n-----END PRIVATE KEY-----', '[redacted]'],
    ['-----BEGIN PRIVATE KEY-----\nhunter2-x, cut', '[redacted]'],
    ['a token of respect: the tokens were gone', 'a token of respect: the tokens were gone'],
  ])('replaces secrets for good, and nothing else: %s', (text, expected) => {
    expect(hidden(text)).toBe(expected);
  });

  it('never restores what looked like a placeholder before', () => {
    const text = '<IP_1> is what the log calls 10.0.0.1';
    const redaction = new Redaction(NAMES, text);
    expect(redaction.hide(text)).toBe('<IP_1> is what the log calls <IP_2>');
    expect(redaction.restore('<IP_1> <IP_2> <ip_2> <IP_3>')).toBe('<IP_1> 10.0.0.1 10.0.0.1 <IP_3>');
  });

  it('takes little time for many values, and for what looks like the beginning of a token', () => {
    const note = Array.from({ length: 1400 }, (_, n) => `10.0.${n >> 8}.${n & 255}`).join(' ');
    const source = note.repeat(40);
    const redaction = new Redaction(NAMES, source);
    const startedAt = performance.now();
    for (let n = 0; n < 10; n += 1) redaction.hide(note.replaceAll('10.0', `10.${n}`));
    redaction.hide('-eyJ'.repeat(5000));
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('takes time in proportion to the hosts of the source and to the users, and leaks none of them', () => {
    const took = (hosts: number): number => {
      const urls = Array.from({ length: hosts }, (_, n) => `https://h${n}x.corp.example/`);
      const userNames = Array.from({ length: hosts / 5 }, (_, n) => `Ann${n}z Roe${n}z`);
      const text = `h7x, H${hosts - 1}X.other.example, ann9z, ROE9Z and Ann3z  Roe3z`;
      const startedAt = performance.now();
      const redaction = new Redaction({ userNames, hostNames: [] }, `${urls.join(' ')} ${text}`);
      for (let time = 0; time < 100; time += 1)
        expect(redaction.hide(text)).toBe('<HOST_1>, <HOST_2>, <USER_1>, <USER_2> and <USER_3>');
      return performance.now() - startedAt;
    };
    took(1000);
    const few = took(5000);
    expect(took(100_000)).toBeLessThan(60 * few);
  });

  it('does not take a placeholder apart if a name is part of it', () => {
    const redaction = new Redaction({ userNames: ['Email'], hostNames: ['email_1'] }, 'a@b.example');
    expect(redaction.hide('a@b.example')).toBe('<EMAIL_1>');
  });

  it('forgets what was not sent', () => {
    const redaction = new Redaction(NAMES, '');
    redaction.hide('10.0.0.1 10.0.0.2');
    redaction.keepOnly('<IP_2>');
    expect(redaction.restore('<IP_1> <IP_2>')).toBe('<IP_1> 10.0.0.2');
  });

  it('restores the strings of a value, and its keys', () => {
    const redaction = new Redaction(NAMES, '');
    redaction.hide('10.0.0.1');
    expect(redaction.restoreIn({ '<IP_1>': ['x <IP_1>', 1, null] })).toEqual({
      '10.0.0.1': ['x 10.0.0.1', 1, null],
    });
  });
});

describe('the shown text of an answer', () => {
  const shown = (pieces: readonly string[]): string[] => {
    const redaction = new Redaction(NAMES, '');
    redaction.hide('10.0.0.1 web-1');
    const text = new ShownText(redaction);
    return [...pieces.map((piece) => text.add(piece)), text.end()];
  };

  it.each([1, 2, 3, 5, 100])('is whole again if it arrives in pieces of %i characters', (size) => {
    const answer = 'If a<b, <HOST_1> lost <IP_1>. Use `df`, <IP\n\n```json\n{"x": "<IP_1>"}\n```';
    const pieces = answer.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    expect(shown(pieces).join('')).toBe('If a<b, web-1 lost 10.0.0.1. Use `df`, <IP\n\n');
  });

  it('holds back only what may become a placeholder', () => {
    expect(shown(['The <HO', 'ST_1> is', ' a<b'])).toEqual(['The ', 'web-1 is', ' a', '<b']);
  });

  it('has no invisible characters, even if one arrives in halves', () => {
    const tag = '\u{e0041}';
    const pieces = shown([`a\u202eb${tag[0]}`, `${tag[1]}c <HO\u200b`, 'ST_1>']);
    expect(pieces).toEqual(['ab', 'c ', 'web-1', '']);
  });

  it('is the block itself if there is nothing before it', () => {
    expect(shown(['```json\n', '{"x": ', '"<IP_1>"}', '\n```']).join('')).toBe(
      '```json\n{"x": "10.0.0.1"}\n',
    );
  });
});
