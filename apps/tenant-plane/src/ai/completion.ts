import { aiUnavailable } from './ai.errors';
import { eventData } from './event-data';
import { visible } from './visible-text';

const MAX_MODEL_LENGTH = 200;

/** The fields that are read from an OpenAI completion, whether whole or streamed. */
export interface Completion {
  readonly model?: unknown;
  readonly choices?: readonly {
    readonly message?: { readonly content?: unknown };
    readonly delta?: { readonly content?: unknown };
  }[];
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

export interface CompletionText {
  readonly text: string;
  readonly model: string;
}

/** The text of a whole completion. Throws `ai_unavailable`. */
export function textOf(completion: Completion | null): CompletionText {
  const text = completion?.choices?.[0]?.message?.content;
  if (typeof text !== 'string' || text.trim() === '') throw aiUnavailable("the AI's answer was empty");
  return { text, model: nameOf(completion?.model) };
}

/**
 * The texts of a streamed completion. Throws `ai_unavailable` if it is malformed or cut off, and what
 * `failed` makes of an error that the stream contains.
 */
export async function* textsOf(
  parts: AsyncIterable<Uint8Array>,
  failed: (error: NonNullable<Completion['error']>) => Error,
): AsyncGenerator<CompletionText> {
  for await (const data of eventData(parts)) {
    if (data === '[DONE]') return;
    const { error, choices, model } = parsed(data);
    // The Control Plane's own errors have no choices. What a provider says is not told to anybody.
    if (error) throw failed(choices === undefined ? error : {});
    const text = choices?.[0]?.delta?.content;
    if (typeof text === 'string' && text !== '') yield { text, model: nameOf(model) };
  }
  throw aiUnavailable("the AI's answer was cut off");
}

/** Throws `ai_unavailable`. */
export function parsed(data: string): Completion {
  const completion = jsonIn(data);
  if (typeof completion !== 'object' || completion === null)
    throw aiUnavailable("the AI's answer is not in OpenAI's format");
  return completion;
}

function jsonIn(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function nameOf(model: unknown): string {
  if (typeof model !== 'string') return 'unknown';
  return visible(model).slice(0, MAX_MODEL_LENGTH).toWellFormed().trim() || 'unknown';
}
