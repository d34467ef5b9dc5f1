import { callJson } from './http-call';

export interface TenantPlaneView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

export interface Install {
  readonly env: Readonly<Record<string, string>>;
}

export interface TenantView {
  readonly id: string;
  readonly slug: string;
  readonly status: string;
}

export interface JobView {
  readonly id: string;
  readonly status: string;
  readonly steps: readonly { readonly name: string; readonly status: string; readonly error: unknown }[];
  readonly error: unknown;
}

/** The Control Plane's API, as an operator's API key (or session) sees it. */
export class ControlPlaneClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  get<T>(path: string): Promise<T> {
    return callJson({ method: 'GET', url: this.url + path, headers: this.headers, signal: this.signal });
  }

  post<T>(path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return callJson({
      method: 'POST',
      url: this.url + path,
      headers: { ...this.headers, ...headers },
      body,
      signal: this.signal,
    });
  }

  private get headers(): Record<string, string> {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }
}
