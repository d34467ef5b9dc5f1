import { createHash } from 'node:crypto';

/** The RFC 9530 `Content-Digest` field of a body, empty ones included. A string stands for its UTF-8 bytes. */
export function contentDigest(body: Buffer | string): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}
