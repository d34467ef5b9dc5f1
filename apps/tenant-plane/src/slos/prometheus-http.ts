import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';

export interface HttpRequest {
  readonly method: 'GET';
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Requests to servers whose addresses a tenant has chosen. This version refuses every address. */
@Injectable()
export class OutboundHttp {
  requireAllowed(url: string): Promise<void> {
    return Promise.reject(notSupported(url));
  }

  fetch({ url }: HttpRequest): Promise<HttpAnswer> {
    return Promise.reject(notSupported(url));
  }
}

function notSupported(url: string): DomainError {
  const { host } = new URL(url);
  const detail = `This version cannot ask ${host}. Use the indicator events, and send the events to Atlas.`;
  return new DomainError('indicator_not_supported', 'unprocessable', detail);
}
