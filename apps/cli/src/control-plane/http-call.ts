import { setTimeout as delay } from 'node:timers/promises';
import { signalWithin } from '@atlas/platform/signal-within';
import { CommandFailure, EXIT } from '../command';
import { onOneLine } from '../text';

/** RFC 9457, as both planes answer. */
interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly trace_id?: string;
}

/** An answer that is not 2xx. */
export class HttpProblem extends CommandFailure {
  readonly code: string | undefined;

  constructor(
    call: string,
    readonly status: number,
    problem: Problem,
  ) {
    const isOurs = problem.code !== undefined && ![401, 403].includes(status);
    super(textOf(call, status, problem), isOurs ? EXIT.failed : EXIT.noAccess);
    this.code = problem.code;
  }
}

/** Nobody answers, or something that is no plane does. */
export class NoAnswer extends CommandFailure {
  constructor(message: string) {
    super(message, EXIT.noAccess);
  }
}

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** How long the answer may take, where the user chooses it (`--timeout`). */
  readonly timeoutMs?: number;
  /** What is known here of why nobody answers. */
  readonly whySilent?: () => string;
}

const PATIENCE_MS = 30_000;
const READY_ANSWER_MS = 5000;

/** A plane that dies hangs up first; its death, which follows, is the better thing to tell. */
const DEATH_MS = 500;

/** Sends JSON and answers with JSON, or null where there is none (204). Throws {@link HttpProblem}, {@link NoAnswer}, or the signal's reason. */
export async function callJson<T>(call: HttpCall): Promise<T> {
  const { method, url, headers, body, signal, timeoutMs, whySilent } = call;
  const name = `${method} ${new URL(url).pathname}`;
  const request: RequestInit = {
    method,
    // Elsewhere the credentials are nobody's business.
    redirect: 'manual',
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: signalWithin(timeoutMs ?? PATIENCE_MS, signal),
  };
  const { ok, status, text } = await send(url, request, signal, whySilent).catch((error: unknown) => {
    throw isTimeout(error) ? tooSlow(name, call) : error;
  });
  if (!ok) throw problemOf(name, status, text);
  if (status === 204) return null as T;
  const answer = parsed(text);
  if (answer === undefined)
    throw new NoAnswer(`${name} was not answered with JSON: is ${new URL(url).origin} the right address?`);
  return answer as T;
}

async function send(
  url: string,
  request: RequestInit,
  signal: AbortSignal,
  whySilent: HttpCall['whySilent'],
) {
  try {
    const response = await fetch(url, request);
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    if (isTimeout(error)) throw error;
    await delay(DEATH_MS, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    throw noAnswerFrom(url, error, whySilent);
  }
}

function isTimeout(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'TimeoutError';
}

function tooSlow(name: string, { method, url, timeoutMs }: HttpCall): NoAnswer {
  const what = `${new URL(url).origin} did not answer ${name} within ${(timeoutMs ?? PATIENCE_MS) / 1000} s.`;
  const unknown = method === 'GET' ? '' : ' It may have been done all the same: look before you repeat it.';
  const hint = timeoutMs === undefined ? '' : ' To wait longer: --timeout <seconds>.';
  return new NoAnswer(`${what}${unknown}${hint}`);
}

export function noAnswerFrom(url: string, error: unknown, whySilent: HttpCall['whySilent']): NoAnswer {
  const { cause = error } = error as { cause?: unknown };
  const { message, code } = cause as { message?: string; code?: string };
  const reason = whySilent ? `. ${whySilent()}` : '';
  return new NoAnswer(`There is no answer from ${new URL(url).origin}: ${message || code}${reason}`);
}

export function problemOf(call: string, status: number, text: string): HttpProblem {
  return new HttpProblem(call, status, (parsed(text) ?? {}) as Problem);
}

function textOf(call: string, status: number, { code, detail, errors = [], trace_id }: Problem): string {
  const reason = detail ?? `${status} without a reason: is this the address of the Control Plane?`;
  const fields = errors.map(({ field, message }) =>
    message.includes(field) ? message : `${field}: ${message}`,
  );
  const hints = status === 401 ? ['Is the API key right, and not expired?'] : [];
  const facts = `(${call} answered ${status}${code ? ` ${code}` : ''}${trace_id ? `, trace id ${trace_id}` : ''})`;
  const below = [...fields.map((line) => `- ${line}`), ...hints, facts];
  return [reason, ...below.map((line) => `  ${line}`)].map(onOneLine).join('\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether the plane at `url` says within `ms` that it is ready. */
export async function isReady(
  url: string,
  signal: AbortSignal,
  ms = READY_ANSWER_MS,
): Promise<true | undefined> {
  try {
    const { ok } = await fetch(`${url}/health/ready`, { signal: signalWithin(ms, signal) });
    return ok || undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
