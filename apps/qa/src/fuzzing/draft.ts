/** A request before it is serialised. */
export interface Draft {
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly type: string;
  /** Sent instead of the body. */
  readonly text?: string | Buffer;
}
