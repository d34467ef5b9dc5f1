import { DomainError } from '@atlas/platform';

/**
 * An error whose message may be reported to the Control Plane. The message contains no value of a row, no
 * path, and no text of a database.
 */
export class Reportable extends Error {}

/** What the Control Plane may know about an error. The plane's log has all of it. */
export function reportedText(error: unknown): string {
  if (error instanceof Reportable || error instanceof DomainError) return error.message;
  const { code, driverError, name } = (error ?? {}) as Failure;
  const known = [driverError?.code, code, name].find((one) => typeof one === 'string' && /^\w+$/.test(one));
  return `The plane failed at this (${String(known ?? 'unknown error')}). Its log says why.`;
}

interface Failure {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly driverError?: { readonly code?: unknown };
}
