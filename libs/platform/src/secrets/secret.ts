import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const SHOWN = '[secret]';

/**
 * A string that is never printed by accident: logs, errors, templates and JSON show `[secret]`. Call {@link
 * reveal} to get the text.
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

/** The parameter type for code that uses a secret without keeping it. */
export type SecretText = string | Secret;

export function revealed(secret: SecretText): string {
  return typeof secret === 'string' ? secret : secret.reveal();
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
