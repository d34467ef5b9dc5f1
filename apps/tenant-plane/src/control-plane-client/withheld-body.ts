/**
 * A request body that is requested only once the connection is open. Connecting may take long, and the body
 * may no longer be meant to leave by then. Nothing of the request is sent before.
 */
export class WithheldBody implements AsyncIterable<Uint8Array> {
  /** What {@link requireMeant} threw; `fetch` would only report that it failed. */
  refusal: unknown;
  private readonly bytes: Uint8Array;

  constructor(
    text: string,
    private readonly requireMeant: () => Promise<void>,
  ) {
    this.bytes = Buffer.from(text);
  }

  /** As `content-length` it keeps the body from being sent in chunks. */
  get length(): number {
    return this.bytes.length;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    await this.requireMeant().catch((error: unknown) => {
      this.refusal = error;
      throw error;
    });
    yield this.bytes;
  }
}
