import { UsageError } from '../failure';

/** `site=fra-1,role=web` as an object. Throws {@link UsageError}. */
export function pairs(text: string): Readonly<Record<string, string>> {
  const entries = text.split(',').map((pair) => {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`"${pair}" is not of the form <name>=<value>.`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

/** `ci=web-2,alertname=~Disk.*` as the matchers of a silence: `=`, `!=`, `=~` or `!~`. Throws {@link UsageError}. */
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
