import { type OperatorApi } from '@atlas/operator-api';
import { ApiClient } from './api-client';
import { type ServerEvent, readEvents } from './event-stream';
import { type Silence } from './http-call';
import { requestLine } from './request-line';

export type OperatorCall = keyof OperatorApi;

/** The Control Plane's API, called with an operator's API key or session. */
export class ControlPlaneClient extends ApiClient<OperatorApi> {
  constructor(
    url: string,
    token: string,
    signal: AbortSignal,
    timeoutMs?: number,
    whySilent?: () => Silence,
  ) {
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    super({ url, headers, signal, timeoutMs, whySilent });
  }

  /** Yields server-sent events until the stream ends. */
  events(
    operation: OperatorCall,
    { path, signal }: { readonly path: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): AsyncGenerator<ServerEvent> {
    const { url, headers, whySilent } = this.connection;
    const { target } = requestLine(operation, { path });
    return readEvents(url + target, headers, signal, whySilent);
  }
}
