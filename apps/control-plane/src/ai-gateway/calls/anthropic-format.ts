import { type MessageCreateParamsBase, type StopReason } from '@anthropic-ai/sdk/resources/messages';
import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { maxTokensOf } from '../credits/token-counts';

/** OpenAI's temperatures go up to 2, and Anthropic's only to 1. */
const HIGHEST_TEMPERATURE = 1;

/** Anthropic requires a limit, has no `seed`, and takes instructions apart from the conversation. */
export function messagesRequestOf(
  request: ChatCompletionRequest & { readonly model: string },
): MessageCreateParamsBase {
  const { model, messages, temperature, top_p } = request;
  const system = messages.filter(isInstruction).map(({ content }) => content);
  return {
    model,
    max_tokens: maxTokensOf(request),
    messages: messages
      .filter((message) => !isInstruction(message))
      .map(({ role, content }) => ({ role: role === 'assistant' ? 'assistant' : 'user', content })),
    ...(system.length > 0 && { system: system.join('\n\n') }),
    ...(temperature !== undefined && { temperature: Math.min(temperature, HIGHEST_TEMPERATURE) }),
    ...(top_p !== undefined && { top_p }),
  };
}

const FINISH_REASONS: Readonly<Partial<Record<StopReason, string>>> = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content_filter',
};

export function finishReasonOf(reason: StopReason | null): string {
  return (reason && FINISH_REASONS[reason]) ?? 'stop';
}

function isInstruction({ role }: ChatCompletionRequest['messages'][number]): boolean {
  return role === 'system' || role === 'developer';
}
