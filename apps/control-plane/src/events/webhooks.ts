import { type IncomingMessage } from 'node:http';
import { type DeliveryAnswer } from '@atlas/operator-api';
import {
  Clock,
  DomainError,
  OutboundNetwork,
  type Secret,
  networkFailure,
  outboundTimeout,
  outboundUrl,
  requirePublic,
  resolveHost,
  sendTo,
  signalWithin,
} from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { retryAfterMs } from './delivery-pace';

const TIMEOUT_MS = 10_000;
const LOOKUP_MS = 5000;
/** How much of a response's body is kept. */
const MOST_BYTES = 500;

export interface WebhookMessage {
  readonly id: string;
  readonly url: string;
  readonly body: string;
  /** Throws if the secret cannot be opened. */
  readonly secret: () => Secret;
}

export interface WebhookOutcome {
  readonly answer: DeliveryAnswer;
  /** What the receiver asked for with Retry-After. */
  readonly retryAfterMs: number | null;
}

/**
 * Sends signed webhooks (https://www.standardwebhooks.com) to addresses on the internet. Each name is
 * resolved once for each request, all its addresses are checked, and the connection goes to one of them.
 * Redirects are not followed.
 */
@Injectable()
export class Webhooks {
  private readonly timeoutMs = TIMEOUT_MS;

  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly network: OutboundNetwork,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws `address_not_allowed`. Call it outside of transactions. A name that cannot be resolved at the
   * moment is accepted, because each request checks the addresses again.
   */
  async requireAllowed(text: string): Promise<void> {
    const url = this.checkedUrl(text);
    if (this.config.webhooksToAnyAddress) return;
    const found = await resolveHost(this.network, url, signalWithin(LOOKUP_MS)).catch(() => []);
    requirePublic(this.network, url, found);
  }

  /** Rejects only with the signal's reason. Everything else that can go wrong is in the answer. */
  async send(message: WebhookMessage, signal: AbortSignal): Promise<WebhookOutcome> {
    const at = this.clock.now();
    const begunAt = performance.now();
    const within = signalWithin(this.timeoutMs, signal);
    const answered = (facts: Pick<DeliveryAnswer, 'status' | 'body' | 'error'>): DeliveryAnswer => ({
      at: at.toISOString(),
      ...facts,
      took_ms: Math.round(performance.now() - begunAt),
    });
    try {
      const response = await this.post(message, at, within);
      const { statusCode: status = 0, headers } = response;
      const told = answered({ status, body: await beginningOf(response), error: errorOf(status) });
      return { answer: told, retryAfterMs: retryAfterMs(headers['retry-after'], at) };
    } catch (error) {
      signal.throwIfAborted();
      const { host } = new URL(message.url);
      const failure = within.aborted ? outboundTimeout(host, this.timeoutMs) : networkFailure(host, error);
      return { answer: answered({ status: null, body: null, error: failure.message }), retryAfterMs: null };
    }
  }

  private async post(
    { id, url: text, body, secret }: WebhookMessage,
    at: Date,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const url = this.checkedUrl(text);
    const addresses = await resolveHost(this.network, url, signal);
    if (!this.config.webhooksToAnyAddress) requirePublic(this.network, url, addresses);
    const headers = {
      'user-agent': 'Atlas',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret().reveal()).sign(id, at, body),
    };
    return sendTo(addresses, { url, method: 'POST', headers, body, signal });
  }

  private checkedUrl(text: string): URL {
    const url = outboundUrl(text);
    if (url.protocol === 'https:' || this.config.webhooksToAnyAddress) return url;
    const detail = `${url.host} cannot be called: the address must start with https://.`;
    throw new DomainError('address_not_allowed', 'unprocessable', detail);
  }
}

function errorOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return 'The receiver redirects, and redirects are not followed.';
  return `The receiver answered with status ${status}.`;
}

/** The status has been received by now, so a body that breaks off changes nothing. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if ((bytes += chunk.length) >= MOST_BYTES) break;
    }
  } catch {
    // What has arrived is kept.
  }
  response.destroy();
  const text = Buffer.concat(chunks).subarray(0, MOST_BYTES).toString();
  // Postgres stores no NUL, and a terminal would obey control characters.
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '\ufffd');
}
