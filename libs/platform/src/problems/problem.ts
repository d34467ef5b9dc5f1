import { type DomainError, STATUS_OF_KIND } from '../errors/errors';

/** An error as an RFC 9457 problem document. */
export function problemOf(error: DomainError, traceId: string | undefined): Record<string, unknown> {
  return {
    ...error.extra,
    type: `urn:atlas:problem:${error.code}`,
    title: error.code.replaceAll('_', ' '),
    status: STATUS_OF_KIND[error.kind],
    detail: error.message,
    code: error.code,
    trace_id: traceId,
  };
}
