import { STATUS_CODES } from 'node:http';
import { DomainError } from '@atlas/platform';
import { type StepErrorView } from '@atlas/tenant-api/automation';
import { Injectable } from '@nestjs/common';
import { OutboundCalls } from '../egress/outbound-calls';
import { type OutboundRequest } from '../outbound/outbound-request';
import { type HttpConfig } from '../runbooks/step-config';
import { OUTCOME_UNKNOWN } from './run-progress';
import { type HandedStep } from './step-secrets';

const MAX_BYTES = 1_048_576;
/** How much of a response's body is shown. */
const SHOWN_BYTES = 60_000;

export interface HttpOutcome {
  readonly output: string;
  /** Null if the server answered as expected. */
  readonly error: StepErrorView | null;
}

/** Sends the request of an http step, once. */
@Injectable()
export class HttpCall {
  constructor(private readonly http: OutboundCalls) {}

  /**
   * Never throws. A failure after the request may have been sent leaves the outcome unknown. Secrets in the
   * outcome are hidden.
   */
  async send(handed: HandedStep, timeoutSeconds: number, signal: AbortSignal): Promise<HttpOutcome> {
    const { mask } = handed;
    const config = handed.config as HttpConfig;
    let isSent = false;
    let status: number | undefined;
    try {
      const { body } = await this.http.fetch('runbook_http', {
        ...requestOf(config),
        timeoutMs: timeoutSeconds * 1000,
        maxBytes: MAX_BYTES,
        signal,
        onSending: () => (isSent = true),
        onStatus: (received) => (status = received),
      });
      return judged(config, status ?? 0, shown(mask.over(body.toString())));
    } catch (error) {
      const { code, message: text } = isSent || !signal.aborted ? failureOf(error) : NOT_SENT;
      // It may name a host that the server has chosen for a redirect.
      const message = mask.over(text);
      if (status !== undefined && code === 'outbound_too_large') return judged(config, status, message);
      return { output: '', error: isSent ? unknown(message) : { code, detail: message } };
    }
  }
}

const NOT_SENT = {
  code: 'not_sent',
  message: 'The plane stopped before it sent the request. Retry the run to send it.',
};

function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof DomainError) return error;
  return { code: 'outbound_failed', message: 'The plane stopped waiting for the response.' };
}

function requestOf({
  method,
  url,
  headers: given,
  body,
}: HttpConfig): Pick<OutboundRequest, 'method' | 'url' | 'headers' | 'body'> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) if (value !== null) headers[name] = value;
  if (body === null) return { method, url, headers };
  if (typeof body === 'string') return { method, url, headers, body };
  const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  const typed = isTyped ? headers : { ...headers, 'content-type': 'application/json' };
  return { method, url, headers: typed, body: JSON.stringify(body) };
}

function judged({ expect_status: expected }: HttpConfig, status: number, body: string): HttpOutcome {
  const output = `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd() + `\n\n${body}`;
  const isExpected = expected === null ? status >= 200 && status <= 299 : status === expected;
  if (isExpected) return { output, error: null };
  const detail = `The server answered with the status ${status}, not ${expected ?? 'one from 200 to 299'}.`;
  return { output, error: { code: 'unexpected_status', detail } };
}

/**
 * The beginning of a body whose secrets are hidden. Otherwise, the first part of a secret that is cut off
 * would be shown. Postgres cannot store the character NUL.
 */
function shown(body: string): string {
  return Buffer.from(body).subarray(0, SHOWN_BYTES).toString().replaceAll('\0', '\ufffd');
}

function unknown(message: string): StepErrorView {
  const detail =
    `${message} The request may have taken effect. Check that, then retry the run to send the request ` +
    'again.';
  return { code: OUTCOME_UNKNOWN, detail };
}
