import { createHash } from 'node:crypto';

/** Forbids loading, framing and submitting anything, because an API response is not a page. */
export const NO_CONTENT = {
  'default-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
} as const;

/** A Content-Security-Policy that allows only what `allowed` lists. */
export function contentPolicy(allowed: Readonly<Record<string, string>>): string {
  return Object.entries({ ...NO_CONTENT, ...allowed })
    .map((directive) => directive.join(' '))
    .join(';');
}

/** Allows an inline style with exactly this text. */
export function hashOf(style: string): string {
  return `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
}
