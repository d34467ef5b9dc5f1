import { setTimeout as delay } from 'node:timers/promises';
import { type Redactor } from './redactor';
import { type SupportItem, type SupportScene } from './support-item';

/** A database or a network that does not answer must not keep the other items from being collected. */
export const LIMIT_MS = 30_000;

/** An item as the bundle contains it. */
export interface Collected {
  readonly name: string;
  readonly file: string;
  readonly summary: string;
  readonly content: string;
  /** Why the item could not be read; undefined if it was. */
  readonly problem?: string;
}

/** Never rejects: an item that cannot be read says why. */
export async function collected(
  { name, summary, collect, lastLines }: SupportItem,
  scene: SupportScene,
  redactor: Redactor,
  limitMs = LIMIT_MS,
): Promise<Collected> {
  const found = await within(limitMs, () => collect(scene)).then(
    (value) => ({ value, problem: undefined }),
    (error: unknown) => ({ value: undefined, problem: redactor.text(reasonOf(error)) }),
  );
  const { problem } = found;
  if (problem !== undefined)
    return { name, file: `${name}.json`, summary, content: lines({ not_read: problem }), problem };
  const isText = typeof found.value === 'string';
  // First as plain JSON, because a date and a secret become text only then.
  const content = isText
    ? endOf(redactor.text(found.value as string), lastLines)
    : lines(redactor.value(JSON.parse(JSON.stringify(found.value))));
  const file = `${name}.${isText ? 'txt' : 'json'}`;
  if (!redactor.isLeaking(content)) return { name, file, summary, content };
  const withheld = 'It still contained a secret after redaction, so it was left out. Report this to Atlas.';
  return { name, file, summary, content: lines({ not_read: withheld }), problem: withheld };
}

function endOf(text: string, count = Infinity): string {
  return `${text.trimEnd().split('\n').slice(-count).join('\n')}\n`;
}

function lines(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Rejects if the work takes longer. */
export async function within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const silence = delay(limitMs, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`It could not be read within ${limitMs / 1000} s.`);
  });
  // The timer is aborted, and so rejects, if the work finishes first.
  silence.catch(() => undefined);
  return Promise.race([Promise.resolve().then(work), silence]).finally(() => ended.abort());
}

function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || 'It failed without saying why.';
}
