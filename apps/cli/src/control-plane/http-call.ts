import { setTimeout as delay } from 'node:timers/promises';
import { loopbackInstead } from '@atlas/platform/loopback';
import { signalWithin } from '@atlas/platform/signal-within';
import { CommandFailure, EXIT } from '../failure';
import { onOneLine } from '../text';

/** Problem details (RFC 9457), which both planes send with an error. */
interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly trace_id?: string;
}

/** A response that is not 2xx. */
export class HttpProblem extends CommandFailure {
  constructor(
    call: string,
    readonly status: number,
    problem: Problem,
  ) {
    const { code, detail, errors = [], trace_id } = problem;
    const isOurs = code !== undefined && ![401, 403].includes(status);
    super(onOneLine(detail ?? `${call} failed with ${status}, and the response gives no reason.`), {
      exitCode: isOurs ? EXIT.failed : EXIT.noAccess,
      code: code ?? `http_${status}`,
      notes: notesOf(call, status, problem),
      ...hintOn(status, problem),
      facts: { status, ...(errors.length > 0 && { errors }), ...(trace_id !== undefined && { trace_id }) },
    });
  }
}

/** The connection failed, or the server that responded is not a plane. */
export class NoAnswer extends CommandFailure {
  constructor(message: string, hint?: string) {
    super(message, { exitCode: EXIT.noAccess, code: 'no_answer', hint });
  }
}

/** What this machine knows about why the server does not respond. */
export interface Silence {
  readonly reason: string;
  readonly hint: string;
}

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** The maximum wait for the response, if the user can set it with `--timeout`. */
  readonly timeoutMs?: number;
  readonly whySilent?: () => Silence;
}

const PATIENCE_MS = 30_000;
const READY_ANSWER_MS = 5000;

/** How long to wait after a lost connection. A crashing plane closes its connections before it exits. */
const DEATH_MS = 500;

/**
 * Sends JSON and returns JSON, or null if there is none (204). Throws {@link HttpProblem}, {@link NoAnswer},
 * or the signal's reason.
 */
export async function callJson<T>(call: HttpCall): Promise<T> {
  const { status, text } = await accepted(call);
  if (status === 204) return null as T;
  const answer = parsed(text);
  const { origin } = new URL(call.url);
  if (answer === undefined)
    throw new NoAnswer(`${nameOf(call)} did not return JSON.`, `Is ${origin} the right address?`);
  return answer as T;
}

/** Like {@link callJson}, for a response that is a text. */
export async function callText(call: HttpCall): Promise<string> {
  return (await accepted(call)).text;
}

async function accepted(call: HttpCall): Promise<{ readonly status: number; readonly text: string }> {
  const { method, url, headers, body, signal, timeoutMs, whySilent } = call;
  const request: RequestInit = {
    method,
    // A redirect must not send the credentials to another host.
    redirect: 'manual',
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: signalWithin(timeoutMs ?? PATIENCE_MS, signal),
  };
  const { ok, status, text } = await send(url, request, signal, whySilent).catch((error: unknown) => {
    throw isTimeout(error) ? tooSlow(nameOf(call), call) : error;
  });
  if (!ok) throw problemOf(nameOf(call), status, text);
  return { status, text };
}

function nameOf({ method, url }: HttpCall): string {
  return `${method} ${new URL(url).pathname}`;
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
  const seconds = (timeoutMs ?? PATIENCE_MS) / 1000;
  const what = `${new URL(url).origin} did not respond to ${name} within ${seconds} s.`;
  const unknown =
    method === 'GET' ? '' : ' The request may still have succeeded, so check before you repeat it.';
  return new NoAnswer(
    `${what}${unknown}`,
    timeoutMs === undefined ? undefined : 'To wait longer, pass --timeout <seconds>.',
  );
}

export function noAnswerFrom(url: string, error: unknown, whySilent: HttpCall['whySilent']): NoAnswer {
  const { cause = error } = error as { cause?: unknown };
  const { message, code } = cause as { message?: string; code?: string };
  const silence = whySilent?.();
  const reason = silence ? `. ${silence.reason}` : '';
  const { origin } = new URL(url);
  const instead = code === 'ENOTFOUND' ? loopbackInstead(url) : null;
  return new NoAnswer(
    `No response from ${origin}: ${message || code}${reason}`,
    silence?.hint ??
      (instead && `This machine does not resolve this name. Use ${instead} instead.`) ??
      `Check that ${origin} is the right address, and that its server is running.`,
  );
}

export function problemOf(call: string, status: number, text: string): HttpProblem {
  return new HttpProblem(call, status, (parsed(text) ?? {}) as Problem);
}

/** The errors by field, and what support needs to find the request in the logs. */
function notesOf(call: string, status: number, { code, errors = [], trace_id }: Problem): string[] {
  const fields = errors.map(({ field, message }) =>
    message.includes(field) ? `- ${message}` : `- ${field}: ${message}`,
  );
  const trace = trace_id ? `, trace id ${trace_id}` : '';
  const facts = `(${call} returned ${status}${code ? ` ${code}` : ''}${trace})`;
  return [...fields, facts].map(onOneLine);
}

function hintOn(status: number, { code, detail }: Problem): { readonly hint?: string } {
  if (code === 'invalid_credentials') return {};
  if (status === 401)
    return {
      hint:
        'Check that the API key is correct and has not expired. A session ends after 12 hours: ' +
        'sign in again.',
    };
  return detail === undefined ? { hint: 'Is this the address of the Control Plane?' } : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether the plane at `url` reports within `ms` milliseconds that it is ready. */
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
