import { type HttpAnswer } from './answer';

export interface MessageParts {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
}

/** A request as sent over the wire. */
export function httpMessage({ method, url, headers = {}, body }: MessageParts): string {
  const content =
    body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  const fields = Object.entries({ host: url.host, ...headers, ...content });
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}

/** Throws unless the response has the given status, because benchmarking refusals would be meaningless. */
export function requireStatus(answer: HttpAnswer, status: number): HttpAnswer {
  if (answer.status === status) return answer;
  throw new Error(`Expected ${status}, got ${answer.status}: ${answer.body.toString().slice(0, 500)}`);
}

export function jsonOf<T>(answer: HttpAnswer): T {
  return JSON.parse(answer.body.toString()) as T;
}
