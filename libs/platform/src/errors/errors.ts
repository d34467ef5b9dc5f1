/**
 * What went wrong, in terms that a caller can act on. Each kind has one HTTP status, in {@link
 * STATUS_OF_KIND}.
 */
export type ErrorKind =
  | 'elsewhere'
  | 'invalid'
  | 'unauthenticated'
  | 'payment_required'
  | 'forbidden'
  | 'not_found'
  | 'too_slow'
  | 'conflict'
  | 'gone'
  | 'outdated'
  | 'too_large'
  | 'unsupported'
  | 'unsatisfiable'
  | 'unprocessable'
  | 'too_many'
  | 'headers_too_large'
  | 'unavailable'
  | 'storage_full'
  | 'internal';

export const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  // Sent with a `location` header. The client repeats the request there, with the same method and body.
  elsewhere: 307,
  invalid: 400,
  unauthenticated: 401,
  payment_required: 402,
  forbidden: 403,
  not_found: 404,
  too_slow: 408,
  conflict: 409,
  gone: 410,
  outdated: 412,
  too_large: 413,
  unsupported: 415,
  unsatisfiable: 416,
  unprocessable: 422,
  too_many: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
  // RFC 4918, Insufficient Storage.
  storage_full: 507,
};

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/**
 * The only error that services throw on purpose: a stable code, a kind, and a sentence that says what to do.
 * `extra` is added to the problem document, and `headers` to the response.
 */
export class DomainError extends Error {
  constructor(
    readonly code: string,
    readonly kind: ErrorKind,
    detail: string,
    readonly extra: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.name = 'DomainError';
  }
}

/** Ignores refusals with these codes and rethrows any other error: `start().catch(ignoring('not_found'))`. */
export function ignoring(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof DomainError && codes.includes(error.code))) throw error;
  };
}

/** A body of 1 MB can have 100,000 unknown fields. */
const MOST_FIELD_ERRORS = 100;

/** The error for an invalid body, query or header. Lists what is wrong by field, up to 100 errors. */
export function validationFailed(all: readonly FieldError[]): DomainError {
  const errors = all.slice(0, MOST_FIELD_ERRORS);
  const fields = [...new Set(errors.map((error) => error.field || 'body'))].join(', ');
  return new DomainError(
    'validation_failed',
    'invalid',
    `The request is not valid. Invalid fields: ${fields}.`,
    {
      errors,
    },
  );
}
