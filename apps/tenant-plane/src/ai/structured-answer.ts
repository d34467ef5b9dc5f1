import { type FieldError, fieldErrors } from '@atlas/platform';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { aiAnswerUnreadable } from './ai.errors';
import { visible } from './visible-text';

/** In characters. An answer that is longer is cut off, and nothing of it is used. */
const LONGEST_ANSWER = 65_536;
const BLOCK = /```(?:json)?\s*(?=\{)/i;

export interface StructuredAnswer {
  /** What people read. Empty if the answer is only JSON. */
  readonly text: string;
  /** Its strings contain only visible characters. */
  readonly json: unknown;
}

/** Throws `ai_answer_unreadable`. */
export function requireBounded(answer: string): void {
  if (answer.length > LONGEST_ANSWER)
    throw aiAnswerUnreadable(`it has more than ${LONGEST_ANSWER} characters`);
}

/** Splits an answer into its text and its block of JSON. Throws `ai_answer_unreadable`. */
export function structuredAnswer(answer: string): StructuredAnswer {
  requireBounded(answer);
  const seen = visible(answer);
  const block = BLOCK.exec(seen);
  if (!block) return { text: '', json: parsed(seen) };
  const begin = block.index + block[0].length;
  const end = seen.lastIndexOf('```');
  return {
    text: seen.slice(0, block.index).trim(),
    json: parsed(seen.slice(begin, end > block.index ? end : undefined)),
  };
}

/** The instance that a JSON value describes. Other members are left out. Throws `ai_answer_unreadable`. */
export function instanceOf<T extends object>(type: new () => T, json: unknown): T {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw aiAnswerUnreadable('its JSON is not an object');
  const instance = plainToInstance(type, json);
  const faults = validateSync(instance, { whitelist: true }).flatMap((error) => fieldErrors(error, ''));
  if (faults.length > 0) throw aiAnswerUnreadable(told(faults));
  return instance;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? visible(value) : value));
  } catch {
    // The parser's own message would quote the answer.
    throw aiAnswerUnreadable('it does not contain the JSON that was asked for');
  }
}

/** Says what is wrong without quoting the answer. */
function told(faults: readonly FieldError[]): string {
  const [first] = faults;
  return first ? first.message : 'its JSON is not as asked for';
}
