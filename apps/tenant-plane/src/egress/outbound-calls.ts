import { type EgressClassName } from '@atlas/deployment-profiles';
import { Injectable } from '@nestjs/common';
import { OutboundHttp } from '../outbound/outbound-http';
import {
  type OutboundRequest,
  type OutboundResponse,
  type OutboundStream,
} from '../outbound/outbound-request';
import { type Departure, Egress } from './egress';

/** Calls addresses that a tenant has configured, through the door. */
@Injectable()
export class OutboundCalls {
  constructor(
    private readonly http: OutboundHttp,
    private readonly egress: Egress,
  ) {}

  /**
   * Records each address that the request is sent to, as soon as it is connected. Throws what {@link
   * OutboundHttp.fetch} throws, and `egress_refused`. Call it outside of transactions.
   */
  async fetch(name: EgressClassName, request: OutboundRequest): Promise<OutboundResponse> {
    return this.http.fetch(await this.recorded(name, request));
  }

  /** Like {@link fetch}, but the body is read while it arrives. */
  async stream(name: EgressClassName, request: OutboundRequest): Promise<OutboundStream> {
    return this.http.stream(await this.recorded(name, request));
  }

  /** See {@link OutboundHttp.requireAllowed}. Only resolves a name. */
  requireAllowed(url: string, headers?: OutboundRequest['headers']): Promise<void> {
    return this.http.requireAllowed(url, headers);
  }

  private async recorded(name: EgressClassName, request: OutboundRequest): Promise<OutboundRequest> {
    const admission = await this.egress.require(departureOf(name, request));
    const onSending = (url: URL): void => {
      admission.note(url.origin);
      request.onSending?.(url);
    };
    return { ...request, onSending };
  }
}

/** The tenant has written the URL, the headers and the body, so their contents have no names. */
function departureOf(name: EgressClassName, { url, headers = {}, body }: OutboundRequest): Departure {
  const { origin, search } = URL.canParse(url) ? new URL(url) : { origin: 'unknown', search: '' };
  const hasHeaders = Object.keys(headers).length > 0;
  return {
    class: name,
    destination: origin,
    fields: ['url', ...(hasHeaders ? ['headers'] : []), ...(body === undefined ? [] : ['body'])],
    bytes: Buffer.byteLength(body ?? '') + Math.max(0, search.length - 1),
  };
}
