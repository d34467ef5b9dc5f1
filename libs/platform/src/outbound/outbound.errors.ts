import { DomainError } from '../errors/errors';

/*
 * These errors name the host, but neither the path nor the query nor a header, because these may contain
 * credentials.
 */

export function addressNotAllowed(host: string, why: string): DomainError {
  return new DomainError('address_not_allowed', 'unprocessable', `${host} cannot be called: ${why}.`);
}

export function headerNotAllowed(name: string): DomainError {
  const detail = `The header "${name}" cannot be set, because it is determined by the request. Remove it.`;
  return new DomainError('header_not_allowed', 'unprocessable', detail);
}

export function outboundTimeout(host: string, timeoutMs: number): DomainError {
  const detail = `${host} did not respond in full within ${timeoutMs / 1000} s.`;
  return new DomainError('outbound_timeout', 'unavailable', detail);
}

export function outboundTooLarge(host: string, what: string): DomainError {
  return new DomainError(
    'outbound_too_large',
    'unprocessable',
    `The response of ${host} is too large: ${what}.`,
  );
}

export function outboundFailed(host: string, why: string): DomainError {
  return new DomainError('outbound_failed', 'unavailable', `The call to ${host} failed: ${why}.`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  ECONNREFUSED: 'it refuses connections on this port',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ERR_STREAM_PREMATURE_CLOSE: 'it closed the connection',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  ETIMEDOUT: 'it cannot be reached',
  EPROTO: 'it does not speak TLS on this port',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is signed by no known authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is signed by no known authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its TLS certificate is signed by no known authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its TLS certificate is signed by no known authority',
  ERR_INVALID_CHAR: 'a header contains a character that is not allowed',
  ERR_INVALID_HTTP_TOKEN: 'the name of a header is not allowed',
};

/** Turns an error of the network into an error that a user may see. Its message may contain addresses. */
export function networkFailure(host: string, error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const code = codeOf(error);
  if (code === 'HPE_HEADER_OVERFLOW') return outboundTooLarge(host, 'its headers exceed the limit');
  if (code.startsWith('HPE_')) return outboundFailed(host, 'it did not respond in HTTP');
  if (code.startsWith('Z_') || code.startsWith('ERR__ERROR_FORMAT'))
    return outboundFailed(host, 'the response is not compressed as it says');
  return outboundFailed(host, REASONS[code] ?? `an error of the network (${code || 'unknown'})`);
}

/** If several addresses were tried, the error contains one error for each. */
function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: string; errors?: readonly { code?: string }[] };
  return code ?? errors?.[0]?.code ?? '';
}
