import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The file's text, or undefined if it does not exist. Paths are relative to the root. */
export function read(path) {
  return isThere(path) ? readFileSync(join(ROOT, path), 'utf8') : undefined;
}

export function write(path, text) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
}

export function isThere(path) {
  return existsSync(join(ROOT, path));
}

/** Hashes the parts with a separator, so that text cannot shift from one part to the next. */
export function sha256(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}
