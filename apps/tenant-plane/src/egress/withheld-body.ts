/**
 * A request body that is provided only once the connection is open. Connecting may take a long time, and by
 * then the body may no longer be allowed to leave the plane. No part of the request is sent earlier.
 */
export class WithheldBody implements AsyncIterable<Uint8Array> {
  /** The error that {@link requireMeant} threw. `fetch` only reports that the request failed. */
  refusal: unknown;
  private readonly bytes: Uint8Array;

  constructor(
    text: string,
    private readonly requireMeant: () => Promise<void>,
  ) {
    this.bytes = Buffer.from(text);
  }

  /** Sent as `content-length`, so that the body is not sent in chunks. */
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
