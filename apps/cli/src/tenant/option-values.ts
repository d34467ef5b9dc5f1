import { UsageError } from '../failure';

/** `site=fra-1,role=web` as an object. Throws {@link UsageError}. */
export function pairs(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split(',').map((one) => {
      const pair = pairIn(one);
      if (!pair) throw new UsageError(`"${one}" is not of the form <name>=<value>.`);
      return pair;
    }),
  );
}

/** One pair per line. The error does not repeat the line, which may contain a secret. */
export function pairLines(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split('\n').map((line, index) => {
      const pair = pairIn(line);
      if (!pair) throw new UsageError(`Line ${index + 1} is not of the form <name>=<value>.`);
      return pair;
    }),
  );
}

function pairIn(text: string): readonly [string, string] | undefined {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  return name === undefined || value === undefined ? undefined : [name, value];
}

/** `ci=web-2,alertname=~Disk.*` as the matchers of a silence. Throws {@link UsageError}. */
export function matchers(text: string): readonly object[] {
  return text.split(',').map((matcher) => {
    const [, name, operator = '', value] = /^([^=!~]+)(=~|!~|!=|=)(.*)$/.exec(matcher) ?? [];
    if (name === undefined) throw new UsageError(`"${matcher}" is not of the form <label>=<value>.`);
    return { name, value, is_regex: operator.endsWith('~'), is_equal: operator.startsWith('=') };
  });
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3600_000, d: 86_400_000 };

/** The end of a duration that begins now, such as `90m`, `2h` or `1d`. Throws {@link UsageError}. */
export function endOf(text: string, now = Date.now()): string {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = UNIT_MS[unit];
  if (ms === undefined) throw new UsageError(`"${text}" is not a duration, such as 90m, 2h or 1d.`);
  return new Date(now + Number(count) * ms).toISOString();
}
