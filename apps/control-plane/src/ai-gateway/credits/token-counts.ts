import { type ChatCompletionRequest } from '@atlas/plane-contract';

export interface TokenCounts {
  readonly prompt: number;
  readonly completion: number;
}

const MOST_TOKENS = 1_000_000_000;

/** Null unless both are plausible counts. */
export function countsOf(prompt: unknown, completion: unknown): TokenCounts | null {
  return isCount(prompt) && isCount(completion) ? { prompt, completion } : null;
}

export function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_TOKENS;
}

/** The length of an answer whose request sets no limit, in tokens. */
export const DEFAULT_MAX_TOKENS = 4096;
/** What a provider adds to each message, at most: its role and separators. */
const TOKENS_PER_MESSAGE = 8;
/** English text has about four bytes per token (https://platform.openai.com/tokenizer). */
const BYTES_PER_TOKEN = 4;

export function maxTokensOf(request: ChatCompletionRequest): number {
  const { max_completion_tokens: completion, max_tokens: tokens } = request;
  // A provider may know only one of the two.
  if (completion !== undefined && tokens !== undefined) return Math.max(completion, tokens);
  return completion ?? tokens ?? DEFAULT_MAX_TOKENS;
}

/**
 * The most tokens that the question can use. Tokenizers work on bytes, so a prompt never has more tokens than
 * bytes. `reasoning` is what a model may use for thinking in addition to the limit of its answer.
 */
export function mostTokensOf(request: ChatCompletionRequest, reasoning: number): number {
  const { messages } = request;
  return promptBytesOf(request) + messages.length * TOKENS_PER_MESSAGE + maxTokensOf(request) + reasoning;
}

/**
 * Used if the provider did not report its usage. Most of them do not send what a model thinks, so all of
 * `reasoning` counts.
 */
export function estimateOf(
  request: ChatCompletionRequest,
  answerBytes: number,
  reasoning: number,
): TokenCounts {
  const ofBytes = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN);
  const prompt = ofBytes(promptBytesOf(request)) + request.messages.length * TOKENS_PER_MESSAGE;
  return { prompt, completion: Math.min(ofBytes(answerBytes), maxTokensOf(request)) + reasoning };
}

function promptBytesOf({ messages }: ChatCompletionRequest): number {
  return messages.reduce((bytes, { content }) => bytes + Buffer.byteLength(content), 0);
}
