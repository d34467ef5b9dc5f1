import { type EgressClassName } from '@atlas/deployment-profiles';
import { CONTROL_PLANE_VERSION_HEADER } from '@atlas/plane-contract';
import { Clock, type Secret, currentContext, newTraceId, signalWithin, traceparentOf } from '@atlas/platform';
import { keyIdOf, signRequest, verifyResponse } from '@atlas/service-auth';
import { Inject, Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { Egress } from '../egress/egress';
import { NetworkFailure } from '../egress/egress.errors';
import { TrustedTime } from '../plane-identity/trusted-time';
import { AnswerNotTrusted, ControlPlaneRefused, ControlPlaneUnreachable } from './control-plane.errors';
import { ServiceSecrets } from './service-secrets';

/**
 * The largest acceptable clock difference. Calls work even if the difference is larger, because the plane
 * signs them with the Control Plane's time, but sign-up tokens and leases are checked against the plane's own
 * clock.
 */
export const CLOCK_TOLERANCE_SECONDS = 60;

export interface SignedCall {
  /** What leaves the plane with this call. `path` names the variable parts of the path. */
  readonly egress: { readonly class: EgressClassName; readonly path?: readonly string[] };
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** The tenant that `x-tenant-id` names, if any. */
  readonly tenantId?: string;
  /** The tenant whose rows the call contains, if the header does not name it. */
  readonly concerns?: string;
  /** A body that is not JSON, instead of `body`. */
  readonly content?: { readonly type: string; readonly text: string };
  /** The time limit for the whole call, including any stream. */
  readonly timeoutMs: number;
  /** Aborted once no one is waiting for the response. */
  readonly ended?: AbortSignal;
  /** Called on each attempt, right before the body is sent. Throws if the body must no longer be sent. */
  readonly requireMeant?: () => Promise<void>;
  /** Whether a response is accepted only if the Control Plane signed it. */
  readonly mustBeSigned: boolean;
}

/** A response that the Control Plane signed. */
export interface SignedAnswer<T> {
  readonly body: T;
  /** When the response was signed, by the Control Plane's clock and in whole seconds. */
  readonly signedAt: Date;
}

/** A response whose body has yet to be read, with what is needed to verify its signature. */
interface Opened {
  readonly response: Response;
  readonly url: URL;
  /** The headers of the request. */
  readonly headers: Record<string, string>;
  readonly key: { readonly keyId: string; readonly secret: Secret };
}

/** Is told when a response was signed, by the Control Plane's clock. */
interface SignedTimes {
  correct(signedAt: Date): void;
}

/** Makes signed calls to the Control Plane, and verifies its signed responses. */
@Injectable()
export class ControlPlaneClient {
  private offsetMs: number | undefined;
  private version: string | undefined;
  private readonly ended = new AbortController();

  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
    private readonly secrets: ServiceSecrets,
    private readonly egress: Egress,
    @Inject(TrustedTime) private readonly time: SignedTimes = { correct: () => undefined },
  ) {}

  /**
   * How far our clock is behind the Control Plane's, in milliseconds. Learned only from signed responses;
   * undefined before the first one.
   */
  get clockOffsetMs(): number | undefined {
    return this.offsetMs;
  }

  /** The version that the Control Plane last stated, for display only. */
  get controlPlaneVersion(): string | undefined {
    return this.version;
  }

  /** Aborts calls in flight, and makes later calls fail immediately. */
  end(): void {
    this.ended.abort();
  }

  /**
   * Returns the parsed response; null for 204. Throws {@link ControlPlaneRefused} and
   * {@link ControlPlaneUnreachable}.
   */
  async call<T>(call: SignedCall): Promise<T | null> {
    const text = await this.exchange(call);
    return text === '' ? null : (JSON.parse(text) as T);
  }

  /** Like `call`, but the response must be signed. */
  async signed<T>(call: Omit<SignedCall, 'mustBeSigned'>): Promise<SignedAnswer<T> | null> {
    const { text, signedAt } = await this.open({ ...call, mustBeSigned: true }, (opened) =>
      this.signedTextOf(opened),
    );
    return text === '' ? null : { body: JSON.parse(text) as T, signedAt };
  }

  /** Returns the unparsed response; empty for 204. Throws like `call`. */
  async exchange(call: SignedCall): Promise<string> {
    return this.open(call, (opened) => this.textOf(opened, call.mustBeSigned));
  }

  /**
   * Streams the response. A stream cannot be signed, because its digest is known only at the end. Throws like
   * `call`, even mid-stream.
   */
  async stream(call: SignedCall): Promise<AsyncIterable<Uint8Array>> {
    return this.open(call, async (opened) => {
      const { ok, body } = opened.response;
      if (ok && body) return partsOf(body, opened.url);
      await this.textOf(opened, false);
      throw new ControlPlaneUnreachable(`${opened.url.origin} sent an empty response.`);
    });
  }

  /** If the Control Plane refuses a secret, tries the others. */
  private async open<T>(call: SignedCall, read: (opened: Opened) => Promise<T>): Promise<T> {
    const { CONTROL_PLANE_BASE_URL: base } = this.config;
    if (!base || this.secrets.all.length === 0)
      throw new ControlPlaneUnreachable('This tenant plane runs without a Control Plane.');
    return this.secrets.signWith(async (secret) => read(await this.attempt(call, base, secret)));
  }

  private async attempt(call: SignedCall, base: string, secret: Secret): Promise<Opened> {
    const url = new URL(call.path, base);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    const body = call.content?.text ?? (call.body === undefined ? '' : JSON.stringify(call.body));
    const now = new Date(this.clock.now().getTime() + (this.offsetMs ?? 0));
    const key = { keyId: keyIdOf(secret), secret };
    const { method, tenantId } = call;
    const headers = { ...signRequest({ method, url, body, tenantId, ...key, now }) };
    // Not signed, because a proxy may add itself to the trace.
    const traceparent = traceparentOf(currentContext()?.traceId ?? newTraceId());
    const response = await this.send(url, call, { ...headers, traceparent }, body);
    this.version = response.headers.get(CONTROL_PLANE_VERSION_HEADER) ?? this.version;
    return { response, url, headers, key };
  }

  private async send(
    url: URL,
    call: SignedCall,
    headers: Record<string, string>,
    body: string,
  ): Promise<Response> {
    const { egress, method, timeoutMs, ended, requireMeant } = call;
    const leaving = {
      class: egress.class,
      method,
      url,
      body,
      pathFields: egress.path,
      tenantId: call.concerns ?? call.tenantId,
      headers:
        body === '' ? headers : { ...headers, 'content-type': call.content?.type ?? 'application/json' },
      signal: signalWithin(timeoutMs, this.ended.signal, this.egress.linkSignal, ...(ended ? [ended] : [])),
      requireMeant,
    };
    return this.egress.fetch(leaving).catch((error: unknown) => {
      throw error instanceof NetworkFailure ? unreachable(url, error.cause) : error;
    });
  }

  private async textOf(opened: Opened, mustBeSigned: boolean): Promise<string> {
    if (mustBeSigned || !opened.response.ok) return (await this.signedTextOf(opened)).text;
    return textIn(opened);
  }

  private async signedTextOf(opened: Opened): Promise<{ readonly text: string; readonly signedAt: Date }> {
    const { response, headers: request, key } = opened;
    const body = await textIn(opened);
    // Unsigned refusals are accepted, because anyone who can forge a refusal can also block the call
    // altogether.
    if (!response.ok && !response.headers.has('signature')) throw refusal(response, body);
    const headers = Object.fromEntries(response.headers);
    const { created } = verifyAnswer({ status: response.status, body, headers, request, ...key });
    this.offsetMs = offsetOf(created, this.clock.now());
    this.time.correct(new Date(created * 1000));
    if (!response.ok) throw refusal(response, body);
    return { text: body, signedAt: new Date(created * 1000) };
  }
}

function textIn({ response, url }: Opened): Promise<string> {
  return response.text().catch((error: unknown) => notReached(url, error));
}

/** Signatures are dated in whole seconds, so a difference of less than 2 s counts as none. */
function offsetOf(createdSeconds: number, now: Date): number {
  const offset = createdSeconds * 1000 - now.getTime();
  return Math.abs(offset) < 2000 ? 0 : offset;
}

function verifyAnswer(answer: Parameters<typeof verifyResponse>[0]): { readonly created: number } {
  try {
    return verifyResponse(answer);
  } catch (error) {
    throw new AnswerNotTrusted(`The response can't be trusted: ${(error as Error).message}`);
  }
}

async function* partsOf(body: ReadableStream<Uint8Array>, url: URL): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    notReached(url, error);
  }
}

function notReached(url: URL, error: unknown): never {
  throw unreachable(url, error);
}

function unreachable(url: URL, error: unknown): ControlPlaneUnreachable {
  const { message, cause } = error as Error & { cause?: Error };
  const reason = cause?.message ?? message;
  // Node blocks some ports, as the Fetch standard requires: https://fetch.spec.whatwg.org/#port-blocking
  const advice =
    reason === 'bad port'
      ? '; HTTP clients block this port, so the Control Plane must listen on a different one'
      : '';
  return new ControlPlaneUnreachable(`${url.origin} can't be reached: ${reason}${advice}`, { cause: error });
}

function refusal({ status, headers }: Response, text: string): ControlPlaneRefused {
  try {
    const { code, detail } = JSON.parse(text) as { code?: string; detail?: string };
    if (code) return new ControlPlaneRefused(status, code, detail ?? code, headers.get('retry-after'));
  } catch {
    // The body is not one of our problem documents. It may be a proxy's error page.
  }
  return new ControlPlaneRefused(status, 'unexpected_answer', `Unexpected response with status ${status}.`);
}
