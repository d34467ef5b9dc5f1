/** Whether a value of an archive is one that the product can have stored. */
export type ValueCheck = (value: unknown) => boolean;

export const anything: ValueCheck = () => true;
export const text: ValueCheck = (value) => typeof value === 'string';

export function oneOf(values: readonly unknown[]): ValueCheck {
  return (value) => values.includes(value);
}

export function matching(pattern: RegExp): ValueCheck {
  return (value) => typeof value === 'string' && pattern.test(value);
}

export function numberFrom(least: number, most = Number.MAX_SAFE_INTEGER): ValueCheck {
  return (value) => typeof value === 'number' && value >= least && value <= most;
}

export function listOf(check: ValueCheck): ValueCheck {
  return (value) => Array.isArray(value) && value.every(check);
}

/** An object with any names. */
export function mapOf(check: ValueCheck): ValueCheck {
  return (value) => isRecord(value) && Object.values(value).every(check);
}

/** An object with these fields, and perhaps others. */
export function shapedAs(fields: Readonly<Record<string, ValueCheck>>): ValueCheck {
  const checks = Object.entries(fields);
  return (value) => isRecord(value) && checks.every(([name, check]) => check(value[name]));
}

export function optional(check: ValueCheck): ValueCheck {
  return (value) => value === undefined || value === null || check(value);
}

export function either(...checks: readonly ValueCheck[]): ValueCheck {
  return (value) => checks.some((check) => check(value));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
