import { hash } from 'node:crypto';

/** The RFC 9530 `Content-Digest` field of a body, empty ones included. A string stands for its UTF-8 bytes. */
export function contentDigest(body: Buffer | string): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`;
}
