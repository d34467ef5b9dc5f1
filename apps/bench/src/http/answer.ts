export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = '\r\n\r\n';

/**
 * The first HTTP/1.1 response in `bytes`, or undefined while it is incomplete. Supports only what the planes
 * send: a body with content-length, or a 204 without a body.
 */
export function readAnswer(bytes: Buffer): HttpAnswer | undefined {
  const headLength = bytes.indexOf(HEAD_END);
  if (headLength < 0) return undefined;
  const head = bytes.toString('latin1', 0, headLength);
  const status = Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
  const bodyAt = headLength + HEAD_END.length;
  const end = bodyAt + bodyLength(status, head);
  return bytes.length < end ? undefined : { status, body: bytes.subarray(bodyAt, end) };
}

function bodyLength(status: number, head: string): number {
  if (status === 204) return 0;
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`The response has no content-length:\n${head}`);
  return Number(length);
}
