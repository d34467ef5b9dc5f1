import { type IncomingHttpHeaders } from 'node:http';

export interface AskedOfProvider {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { role: string; content: string }[];
    readonly stream?: boolean;
    readonly stream_options?: { readonly include_usage?: boolean };
    readonly [other: string]: unknown;
  };
  /** Resolves when the response has been sent or its receiver has disconnected. */
  readonly closed: Promise<'finished' | 'aborted'>;
}

/** What the stand-in answers, and the token counts that it reports. */
export interface StandInAnswer {
  readonly text: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}
