import { type AskedOfProvider, type StandInAnswer } from './asked-of-provider';

/** A chat completion in OpenAI's protocol, in the parts in which it is sent. */
export function openAiAnswer(
  { model, stream, stream_options: options }: AskedOfProvider['body'],
  { text, promptTokens, completionTokens, reasoningTokens }: StandInAnswer,
): readonly string[] {
  const completion = { id: 'chatcmpl-1', created: 1_900_000_000, model };
  const counts = { prompt_tokens: promptTokens, completion_tokens: completionTokens };
  const usage = { ...counts, total_tokens: promptTokens + completionTokens + reasoningTokens };
  if (!stream) {
    const message = { role: 'assistant', content: text };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    return [JSON.stringify({ ...completion, object: 'chat.completion', choices, usage })];
  }
  const said = text.split(/(?<= )/).map((content) => ({ delta: { content }, finish_reason: null }));
  const chunks = [...said, { delta: {}, finish_reason: 'stop' }].map((choice) => ({
    ...completion,
    choices: [{ index: 0, ...choice }],
  }));
  const last = options?.include_usage ? [{ ...completion, choices: [], usage }] : [];
  return [...[...chunks, ...last].map(eventOf), 'data: [DONE]\n\n'];
}

function eventOf(chunk: object): string {
  return `data: ${JSON.stringify({ object: 'chat.completion.chunk', ...chunk })}\n\n`;
}
