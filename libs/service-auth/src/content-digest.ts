import { hash } from 'node:crypto';

/** The RFC 9530 `Content-Digest` field of a body, which may be empty. A string is encoded as UTF-8. */
export function contentDigest(body: Buffer | string): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`;
}
