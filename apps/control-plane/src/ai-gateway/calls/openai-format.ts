import { type TokenCounts, countsOf, isCount } from '../credits/token-counts';
import { type AnswerPart } from './ai-kind';
import { notAnAnswer } from './provider-failure';

export type Members = Readonly<Record<string, unknown>>;

type Usage = Readonly<Partial<Record<'prompt_tokens' | 'completion_tokens' | 'total_tokens', unknown>>>;

/** The fields that are read from an answer or a chunk of it. */
export interface Completion extends Members {
  readonly choices: readonly {
    readonly index?: unknown;
    readonly delta?: { readonly content?: unknown } | null;
    readonly message?: { readonly content?: unknown } | null;
  }[];
  readonly usage?: Usage | null;
}

/** Without `choices`, it is an error message, or not of this protocol. */
export function parsed(data: string, complaint: string): Completion {
  try {
    const completion = JSON.parse(data) as Partial<Completion> | null;
    const { choices } = completion ?? {};
    if (Array.isArray(choices) && choices.every(isObject)) return completion as Completion;
  } catch {
    // Not JSON. The parser's own message would quote the text.
  }
  throw notAnAnswer(complaint);
}

export function measured({ choices, usage }: Completion): Pick<AnswerPart, 'textBytes' | 'usage'> {
  const texts = choices.map((choice) => choice.message?.content ?? choice.delta?.content);
  const textBytes = texts.reduce<number>(
    (bytes, text) => bytes + (typeof text === 'string' ? Buffer.byteLength(text) : 0),
    0,
  );
  return { textBytes, usage: usage ? usageOf(usage) : null };
}

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Some providers count the tokens of a model's thinking only in the total. */
function usageOf(usage: Usage): TokenCounts | null {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  const counts = countsOf(prompt, completion);
  if (!counts || !isCount(total)) return counts;
  return { ...counts, completion: Math.max(counts.completion, total - counts.prompt) };
}
