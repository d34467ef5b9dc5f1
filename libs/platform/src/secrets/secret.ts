import { createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const SHOWN = '[secret]';

/** A text that can't be printed: in logs, errors, templates and JSON stands `[secret]`. Whoever uses it says so: {@link reveal}. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** In constant time. */
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

/** What may be passed to something that uses a secret and does not keep it. */
export type SecretText = string | Secret;

export function revealed(secret: SecretText): string {
  return typeof secret === 'string' ? secret : secret.reveal();
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
