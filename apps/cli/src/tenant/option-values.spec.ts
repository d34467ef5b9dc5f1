import { UsageError } from '../failure';
import { endOf, matchers, pairs } from './option-values';

describe(pairs.name, () => {
  it('reads names and values', () => {
    expect(pairs('site=fra-1,role=')).toEqual({ site: 'fra-1', role: '' });
  });

  it.each(['site', '=fra-1', 'site=fra-1,,role=web'])('refuses %s', (text) => {
    expect(() => pairs(text)).toThrow(UsageError);
  });
});

describe(matchers.name, () => {
  it.each([
    ['ci=web-2', { name: 'ci', value: 'web-2', is_regex: false, is_equal: true }],
    ['ci!=web-2', { name: 'ci', value: 'web-2', is_regex: false, is_equal: false }],
    ['ci=~web-.*', { name: 'ci', value: 'web-.*', is_regex: true, is_equal: true }],
    ['ci!~web-.*', { name: 'ci', value: 'web-.*', is_regex: true, is_equal: false }],
    ['ci=', { name: 'ci', value: '', is_regex: false, is_equal: true }],
  ])('reads %s', (text, matcher) => {
    expect(matchers(`service=shop,${text}`)[1]).toEqual(matcher);
  });

  it.each(['ci', '~x', '=x'])('refuses %s', (text) => {
    expect(() => matchers(text)).toThrow(UsageError);
  });
});

describe(endOf.name, () => {
  const now = Date.parse('2026-01-01T00:00:00Z');

  it.each([
    ['90m', '2026-01-01T01:30:00.000Z'],
    ['2h', '2026-01-01T02:00:00.000Z'],
    ['1d', '2026-01-02T00:00:00.000Z'],
  ])('adds %s', (text, end) => {
    expect(endOf(text, now)).toBe(end);
  });

  it.each(['2', '2w', '-1h', '1h30m'])('refuses %s', (text) => {
    expect(() => endOf(text, now)).toThrow(UsageError);
  });
});
