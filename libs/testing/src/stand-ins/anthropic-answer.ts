import { type AskedOfProvider, type StandInAnswer } from './asked-of-provider';

/**
 * A message in Anthropic's protocol, in the parts in which it is sent
 * (https://platform.claude.com/docs/en/build-with-claude/streaming).
 */
export function anthropicAnswer(
  { model, stream }: AskedOfProvider['body'],
  { text, promptTokens, completionTokens }: StandInAnswer,
): readonly string[] {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, stop_sequence: null };
  const usage = { input_tokens: promptTokens, output_tokens: completionTokens };
  if (!stream)
    return [
      JSON.stringify({ ...message, content: [{ type: 'text', text }], stop_reason: 'end_turn', usage }),
    ];
  const begun = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  const deltas = text.split(/(?<= )/).map((piece) => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: piece },
  }));
  return [
    { type: 'message_start', message: begun },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    ...deltas,
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: completionTokens },
    },
    { type: 'message_stop' },
  ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}
