import { MAX_ANSWER_BYTES } from './ai-kind';
import { type Completion, type Members, isObject } from './openai-format';
import { notAnAnswer } from './provider-failure';

type Choice = Completion['choices'][number] & Members;

/** Members of lists within a delta that say which item they belong to, rather than more of its text. */
const REPLACED: ReadonlySet<string> = new Set(['role', 'index', 'id', 'type', 'name']);

/**
 * A completion that is put together from the chunks of a stream
 * (https://platform.openai.com/docs/api-reference/chat-streaming). The members of `delta` become the
 * `message`: texts are appended, and lists joined by the `index` of their items, or else appended. Of any
 * other member, the last value that is not null counts. OpenAI's own library does the same.
 */
export class AssembledAnswer {
  private frame: Members = {};
  private readonly choices = new Map<unknown, Choice>();

  add({ choices, ...frame }: Completion): void {
    this.frame = { ...this.frame, ...known(frame) };
    for (const choice of choices)
      this.choices.set(choice.index, extended(choice, this.choices.get(choice.index)));
  }

  /** Throws a ProviderFailure if nothing was answered, or too much. */
  toString(): string {
    if (this.choices.size === 0) throw notAnAnswer("the provider's answer is empty");
    const choices = [...this.choices.values()].sort((a, b) => Number(a.index) - Number(b.index));
    const document = JSON.stringify({ ...this.frame, object: 'chat.completion', choices });
    if (document.length > MAX_ANSWER_BYTES) throw notAnAnswer("the provider's response is too long");
    return document;
  }
}

function extended({ delta, logprobs, ...rest }: Choice, before?: Choice): Choice {
  const message = joined(before?.message ?? { role: 'assistant', content: null }, delta);
  return {
    ...(before ?? { finish_reason: null }),
    ...known(rest),
    message: message as Choice['message'],
    ...(logprobs !== undefined && { logprobs: joined(before?.['logprobs'], logprobs) }),
  };
}

/** Never assigns to a member by its name, which the provider chooses and may be `__proto__`. */
function joined(before: unknown, now: unknown): unknown {
  if (before === undefined || before === null) return now;
  if (now === undefined || now === null) return before;
  if (typeof before === 'string' && typeof now === 'string') return before + now;
  if (Array.isArray(before) && Array.isArray(now)) return now.reduce<readonly unknown[]>(withItem, before);
  if (!isObject(before) || !isObject(now)) return now;
  const members = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(now))
    members.set(name, REPLACED.has(name) ? (value ?? members.get(name)) : joined(members.get(name), value));
  return Object.fromEntries(members);
}

function withItem(items: readonly unknown[], item: unknown): readonly unknown[] {
  const index = isObject(item) ? item['index'] : undefined;
  const at = items.findIndex((one) => index !== undefined && isObject(one) && one['index'] === index);
  return at < 0 ? [...items, item] : items.with(at, joined(items[at], item));
}

function known(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
