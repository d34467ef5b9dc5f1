import { hash } from 'node:crypto';

/** Most calls have no body. */
const OF_EMPTY_BODY = digestOf('');

/** The RFC 9530 `Content-Digest` field of a body, which may be empty. A string is encoded as UTF-8. */
export function contentDigest(body: Buffer | string): string {
  return body.length === 0 ? OF_EMPTY_BODY : digestOf(body);
}

function digestOf(body: Buffer | string): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`;
}
