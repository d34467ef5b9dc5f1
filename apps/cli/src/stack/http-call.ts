import { setTimeout as delay } from 'node:timers/promises';
import { CommandFailure } from '../command';

/** An answer that is not 2xx. */
export class HttpProblem extends CommandFailure {
  constructor(
    call: string,
    readonly status: number,
    readonly code: string | undefined,
    detail: string | undefined,
  ) {
    super(`${call} answered ${status} ${code ?? ''}: ${detail ?? 'no detail'}`);
  }
}

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

const PATIENCE_MS = 30_000;

/** A plane that dies hangs up first; its death, which follows, is the better thing to tell. */
const DEATH_MS = 500;

/** Sends JSON and answers with JSON. Throws {@link HttpProblem}, or the signal's reason. */
export async function callJson<T>({ method, url, headers, body, signal }: HttpCall): Promise<T> {
  const name = `${method} ${new URL(url).pathname}`;
  const request: RequestInit = {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  };
  const { ok, status, text } = await send(name, url, request, signal);
  if (ok) return JSON.parse(text) as T;
  const { code, detail } = problemIn(text);
  throw new HttpProblem(name, status, code, detail);
}

async function send(name: string, url: string, request: RequestInit, signal: AbortSignal) {
  try {
    const response = await fetch(url, request);
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    await delay(DEATH_MS, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    const { cause = error } = error as { cause?: unknown };
    throw new CommandFailure(`${name} got no answer: ${String((cause as Error).message)}`);
  }
}

function problemIn(text: string): { code?: string; detail?: string } {
  try {
    return JSON.parse(text) as { code?: string; detail?: string };
  } catch {
    return {};
  }
}

/** Whether the plane at `url` says that it is ready. */
export async function isReady(url: string, signal: AbortSignal): Promise<true | undefined> {
  try {
    const { ok } = await fetch(`${url}/health/ready`, { signal });
    return ok || undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
