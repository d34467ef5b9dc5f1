/** A request before it is serialised. */
export interface Draft {
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly type: string;
  /** Raw text that is sent instead of the body. */
  readonly text?: string | Buffer;
}
