import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { contentPolicy } from '../http/content-policy';
import { DomainError, STATUS_OF_KIND } from '../errors/errors';
import { problemOf } from './problem';
import { newTraceId, traceIdOf } from '../http/request-context';

/**
 * Responds to input that Node cannot parse as a request, then closes the connection. Such input reaches
 * neither a route nor a hook.
 */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = answerOf(refusalOf(error.code));
  const length = { 'content-length': Buffer.byteLength(body), connection: 'close' };
  const lines = Object.entries({ ...headers, ...length }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
}

/** Responds to a path that the router cannot parse, before any hook runs. */
export function refusePath(_error: Error, { headers: sent }: FastifyRequest, reply: FastifyReply): void {
  const { status, headers, body } = answerOf(refusalOf(undefined), traceIdOf(sent.traceparent));
  void reply.status(status).headers(headers).send(body);
}

/** A body of at most this many bytes is read to its end, so that its connection can be used again. */
const READ_ON_BYTES = 65_536;

/**
 * Responds without the hooks and filters that follow, which cost more than the refusal itself. The body,
 * which has not arrived yet, is ignored; if it may be long, the connection is closed.
 */
export function refuseAtOnce(error: DomainError, request: FastifyRequest, reply: FastifyReply): void {
  const { headers: sent } = request;
  const { status, headers, body } = answerOf(error, traceIdOf(sent.traceparent));
  const isShort = !sent['transfer-encoding'] && Number(sent['content-length'] ?? 0) <= READ_ON_BYTES;
  const more = { 'content-length': Buffer.byteLength(body), ...(isShort ? {} : { connection: 'close' }) };
  reply.hijack();
  reply.raw.writeHead(status, { ...headers, ...more }).end(body);
}

export function headersTooLarge(): DomainError {
  return new DomainError('headers_too_large', 'headers_too_large', 'Send fewer or shorter headers.');
}

function refusalOf(code: string | undefined): DomainError {
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new DomainError('request_too_slow', 'too_slow', 'The rest of the request did not arrive in time.');
  return new DomainError(
    'malformed_request',
    'invalid',
    'This is not a valid HTTP request, or its path is malformed.',
  );
}

const HEADERS = {
  'content-type': 'application/problem+json',
  'cache-control': 'no-store',
  'content-security-policy': contentPolicy({}),
  'x-content-type-options': 'nosniff',
};

function answerOf(error: DomainError, traceId = newTraceId()) {
  const headers = { ...error.headers, ...HEADERS, 'x-trace-id': traceId };
  return { status: STATUS_OF_KIND[error.kind], headers, body: JSON.stringify(problemOf(error, traceId)) };
}
