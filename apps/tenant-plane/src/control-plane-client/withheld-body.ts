/**
 * The body of a request, which is asked for once the connection stands: that may take long, and what the body
 * was to be sent for may not hold any more. Nothing of the request has left until then.
 */
export class WithheldBody implements AsyncIterable<Uint8Array> {
  /** What {@link requireMeant} threw. `fetch` would only say that it failed. */
  refusal: unknown;
  private readonly bytes: Uint8Array;

  constructor(
    text: string,
    private readonly requireMeant: () => Promise<void>,
  ) {
    this.bytes = Buffer.from(text);
  }

  /** With it in the headers, the body is sent like any other, not in chunks. */
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
