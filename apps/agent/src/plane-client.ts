import { readFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { isPlainHttp, loopbackInstead } from '@atlas/platform/loopback';
import { type ClaimView, type HeartbeatView, type ResultView } from '@atlas/tenant-api/agents';
import { AgentFailure, UsageError } from './failure';
import { type StepResult } from './agent-folder';

const TIMEOUT_MS = 30_000;
const CLAIM_SECONDS = 30;
const MAX_ANSWER_BYTES = 1_048_576;
const MAX_REDIRECTS = 3;
/** What a plane or a proxy answers that does not serve the tenant any more. */
const GONE = [401, 404, 502, 503, 504];

/** What an agent reports about itself. */
export interface Heartbeat {
  readonly version: string;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The leases that the agent still holds. The plane extends no others. */
  readonly leases: readonly string[];
}

export interface Report {
  readonly lease_id: string;
  readonly output?: string;
  readonly offset?: number;
  readonly skipped?: number;
  readonly finished?: boolean;
  readonly result?: StepResult;
}

/** The plane did not answer, so the call may or may not have had an effect. */
export class PlaneUnreachable extends Error {}

/** The plane answered, but not with success. */
export class PlaneRefusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Readonly<Record<string, unknown>>,
    /** The plane asks for this pause before the next call. */
    readonly retryAfterMs: number | null,
  ) {
    const { code, detail } = problem;
    super(typeof detail === 'string' ? `${String(code)}: ${detail}` : `status ${status}`);
  }

  get code(): unknown {
    return this.problem['code'];
  }
}

export interface PlaneConnection {
  readonly url: string;
  /** Used if `url` fails, because the tenant may have moved. */
  readonly nextUrl?: string | null;
  readonly key: string;
  readonly caFile: string | null;
  /** The plane has moved the tenant, and the new address has answered. */
  readonly onMoved: (url: string) => void;
}

interface RawAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** The calls of an agent. Throws {@link PlaneUnreachable} and {@link PlaneRefusal}. */
export class PlaneClient {
  private url: string;
  private nextUrl: string | null;
  private readonly ca: readonly string[] | undefined;

  constructor(private readonly connection: PlaneConnection) {
    this.url = addressIn(connection.url);
    this.nextUrl = connection.nextUrl ?? null;
    this.ca = connection.caFile === null ? undefined : authorities(connection.caFile);
  }

  async heartbeat(beat: Heartbeat): Promise<HeartbeatView> {
    const answer = await this.call<HeartbeatView>('/api/agent/heartbeat', beat, TIMEOUT_MS);
    this.nextUrl = answer.next_url;
    return answer;
  }

  /** Null if no step came in time. */
  claim(signal: AbortSignal): Promise<ClaimView | null> {
    const timeoutMs = CLAIM_SECONDS * 1000 + TIMEOUT_MS;
    return this.call<ClaimView | null>(`/api/agent/claim?wait=${CLAIM_SECONDS}`, {}, timeoutMs, signal);
  }

  report({ result, ...report }: Report): Promise<ResultView> {
    return this.call<ResultView>('/api/agent/results', { ...report, ...result }, TIMEOUT_MS);
  }

  private async call<T>(path: string, body: object, timeoutMs: number, signal?: AbortSignal): Promise<T> {
    const text = JSON.stringify(body);
    const at = (origin: string): Promise<T> => this.callAt<T>(origin, path, text, timeoutMs, signal);
    return at(this.url).catch((error: unknown) => {
      if (this.nextUrl === null || !mayHaveMoved(error) || signal?.aborted) throw error;
      // If the tenant is not there yet, the first failure counts.
      return at(safeAddress(this.url, this.nextUrl)).catch(() => {
        throw error;
      });
    });
  }

  private async callAt<T>(
    first: string,
    path: string,
    text: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    let origin = first;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.send(`${origin}${path}`, text, timeoutMs, signal);
      if (![307, 308].includes(answer.status)) {
        if (answer.status >= 300) throw refusalIn(answer);
        this.remember(origin);
        return parsed<T>(answer.text);
      }
      if (redirects === MAX_REDIRECTS) throw new PlaneUnreachable('The plane redirects in a loop.');
      origin = originAfter(origin, path, answer.location);
    }
  }

  private remember(url: string): void {
    if (url === this.url) return;
    this.url = url;
    this.connection.onMoved(url);
  }

  private send(url: string, body: string, timeoutMs: number, signal?: AbortSignal): Promise<RawAnswer> {
    const headers = {
      authorization: `Bearer ${this.connection.key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const all = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
    const options = { method: 'POST', headers, signal: all };
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void =>
        reject(new PlaneUnreachable(`${new URL(url).origin} does not answer: ${reasonOf(error, url)}`));
      const call: ClientRequest = url.startsWith('https:')
        ? httpsRequest(url, { ...options, ca: this.ca && [...this.ca] })
        : httpRequest(url, options);
      call.once('error', failed);
      call.once('response', (response) => void read(response).then(resolve, failed));
      call.end(body);
    });
  }
}

/** Throws {@link UsageError}. */
export function addressIn(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is not an http(s) URL.`, 'Pass the address of the tenant.');
  if (isPlainHttp(url))
    throw new UsageError(
      `${url} would send the agent's key unencrypted.`,
      'Use https, or a tunnel to localhost.',
    );
  return url.replace(/\/+$/, '');
}

function mayHaveMoved(error: unknown): boolean {
  return error instanceof PlaneUnreachable || (error instanceof PlaneRefusal && GONE.includes(error.status));
}

function originAfter(origin: string, path: string, location = ''): string {
  const target = safeAddress(origin, location);
  if (!target.endsWith(path)) throw unsafe(origin, location);
  return target.slice(0, -path.length);
}

/** The key is sent only to an address that is as safe as the one that names it. */
function safeAddress(origin: string, named: string): string {
  const target = URL.canParse(named, origin) ? new URL(named, origin) : null;
  const isSafe =
    target !== null &&
    !isPlainHttp(target.href) &&
    (target.protocol === 'https:' || target.protocol === new URL(origin).protocol);
  if (!isSafe) throw unsafe(origin, named);
  return target.href.replace(/\/+$/, '');
}

function unsafe(origin: string, named: string): PlaneUnreachable {
  return new PlaneUnreachable(`${origin} redirects to "${named}", which is no safe address of a plane.`);
}

async function read(response: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  const { statusCode: status = 0, headers } = response;
  const text = Buffer.concat(chunks).toString();
  return { status, location: headers.location, retryAfter: headers['retry-after'], text };
}

function parsed<T>(text: string): T {
  try {
    return (text === '' ? null : JSON.parse(text)) as T;
  } catch {
    throw new PlaneUnreachable('The answer is not JSON. Something other than the plane has answered.');
  }
}

function refusalIn({ status, text, retryAfter }: RawAnswer): PlaneRefusal {
  const seconds = Number(retryAfter);
  return new PlaneRefusal(status, problemIn(text), seconds > 0 ? seconds * 1000 : null);
}

function problemIn(text: string): Record<string, unknown> {
  try {
    const problem: unknown = JSON.parse(text);
    return typeof problem === 'object' && problem !== null ? { ...problem } : {};
  } catch {
    return {};
  }
}

function reasonOf(error: Error & { readonly code?: string }, url: string): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'timed out';
  const instead = error.code === 'ENOTFOUND' ? loopbackInstead(url) : null;
  const advice = instead === null ? '' : `. Use ${instead} instead`;
  return `${error.message || (error.code ?? 'unknown error')}${advice}`;
}

function authorities(file: string): string[] {
  try {
    return [...rootCertificates, readFileSync(file, 'utf8')];
  } catch (error) {
    throw new AgentFailure(`The CA cannot be read: ${(error as Error).message}`, 'Check --ca-file.');
  }
}
