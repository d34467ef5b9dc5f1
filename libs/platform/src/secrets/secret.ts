import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const SHOWN = '[secret]';

/**
 * A text that cannot be printed: logs, errors, templates and JSON show `[secret]`. Whoever uses it must call
 * {@link reveal}.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** Compares in constant time. */
  equals(other: SecretText): boolean {
    return timingSafeEqual(digestOf(this.#text), digestOf(revealed(other)));
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}

/** What to accept in code that uses a secret without keeping it. */
export type SecretText = string | Secret;

export function revealed(secret: SecretText): string {
  return typeof secret === 'string' ? secret : secret.reveal();
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
