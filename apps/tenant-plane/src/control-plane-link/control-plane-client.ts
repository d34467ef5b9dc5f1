import { CONTROL_PLANE_VERSION_HEADER } from '@atlas/plane-contract';
import { Clock } from '@atlas/platform';
import { keyIdOf, signRequest, verifyResponse } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../tenant-plane.config';
import { AnswerNotTrusted, ControlPlaneRefused, ControlPlaneUnreachable } from './control-plane.errors';
import { ServiceSecrets } from './service-secrets';

export interface SignedCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Instead of `body`, what is not JSON. */
  readonly content?: { readonly type: string; readonly text: string };
  readonly timeoutMs: number;
  /** Whether an answer is accepted only when the Control Plane signed it. */
  readonly mustBeSigned: boolean;
}

/** Calls the Control Plane, signed; believes what is signed back. Nothing else leaves this plane. */
@Injectable()
export class ControlPlaneClient {
  private offsetMs: number | undefined;
  private version: string | undefined;
  private readonly ended = new AbortController();

  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
    private readonly secrets: ServiceSecrets,
  ) {}

  /** How far our clock is behind the Control Plane's. Learned from signed answers only; undefined before the first one. */
  get clockOffsetMs(): number | undefined {
    return this.offsetMs;
  }

  /** As it was last told, for people to read. */
  get controlPlaneVersion(): string | undefined {
    return this.version;
  }

  /** Ends the calls under way, and those to come, at once. */
  end(): void {
    this.ended.abort();
  }

  /** The parsed answer; null for 204. Throws {@link ControlPlaneRefused} and {@link ControlPlaneUnreachable}. */
  async call<T>(call: SignedCall): Promise<T | null> {
    const text = await this.exchange(call);
    return text === '' ? null : (JSON.parse(text) as T);
  }

  /** The answer as it came; empty for 204. Throws as `call` does. */
  async exchange(call: SignedCall): Promise<string> {
    const { CONTROL_PLANE_BASE_URL: base } = this.config;
    if (!base || this.secrets.all.length === 0)
      throw new ControlPlaneUnreachable('This tenant plane runs without a Control Plane.');
    return this.secrets.signWith((secret) => this.attempt(call, base, secret));
  }

  private async attempt(call: SignedCall, base: string, secret: string): Promise<string> {
    const url = new URL(call.path, base);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    const body = call.content?.text ?? (call.body === undefined ? '' : JSON.stringify(call.body));
    const now = new Date(this.clock.now().getTime() + (this.offsetMs ?? 0));
    const key = { keyId: keyIdOf(secret), secret };
    const headers = { ...signRequest({ method: call.method, url, body, ...key, now }) };
    const { response, text } = await send(url, call, headers, body, this.ended.signal);
    this.version = response.headers.get(CONTROL_PLANE_VERSION_HEADER) ?? this.version;
    if (response.ok && !call.mustBeSigned) return text;
    this.checkSignature(response, text, headers, key);
    if (!response.ok) throw refusal(response.status, text);
    return text;
  }

  private checkSignature(
    response: Response,
    body: string,
    request: Record<string, string>,
    key: { keyId: string; secret: string },
  ): void {
    // A refusal may be unsigned: whoever forges one can also keep us from being heard at all.
    if (!response.ok && !response.headers.has('signature')) return;
    const headers = Object.fromEntries(response.headers);
    const { created } = verifyAnswer({ status: response.status, body, headers, request, ...key });
    this.offsetMs = offsetOf(created, this.clock.now());
  }
}

/** Signatures are dated in whole seconds, so a smaller difference says nothing. */
function offsetOf(createdSeconds: number, now: Date): number {
  const offset = createdSeconds * 1000 - now.getTime();
  return Math.abs(offset) < 2000 ? 0 : offset;
}

function verifyAnswer(answer: Parameters<typeof verifyResponse>[0]): { readonly created: number } {
  try {
    return verifyResponse(answer);
  } catch (error) {
    throw new AnswerNotTrusted(`The answer can't be trusted: ${(error as Error).message}`);
  }
}

async function send(
  url: URL,
  call: SignedCall,
  headers: Record<string, string>,
  body: string,
  ended: AbortSignal,
) {
  const timeout = AbortSignal.timeout(call.timeoutMs);
  const signal = AbortSignal.any([timeout, ended]);
  const type = call.content?.type ?? 'application/json';
  const content = body === '' ? {} : { body, headers: { ...headers, 'content-type': type } };
  try {
    const response = await fetch(url, {
      method: call.method,
      headers,
      ...content,
      signal,
      redirect: 'error',
    });
    return { response, text: await response.text() };
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error };
    const reason = cause?.message ?? message;
    // https://fetch.spec.whatwg.org/#port-blocking
    const advice =
      reason === 'bad port' ? '; HTTP clients refuse it: let the Control Plane listen on another' : '';
    throw new ControlPlaneUnreachable(`${url.origin} can't be reached: ${reason}${advice}`, { cause: error });
  }
}

function refusal(status: number, text: string): ControlPlaneRefused {
  try {
    const { code, detail } = JSON.parse(text) as { code?: string; detail?: string };
    if (code) return new ControlPlaneRefused(status, code, detail ?? code);
  } catch {
    // Not one of our problem documents: some proxy's page.
  }
  return new ControlPlaneRefused(status, 'unexpected_answer', `Unexpected answer with status ${status}.`);
}
