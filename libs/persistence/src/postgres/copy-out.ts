import { type Client, type Connection, Query } from 'pg';
import { type EntityManager } from 'typeorm';

const BATCH_BYTES = 524_288;
/** A batch ends with the row that exceeds its size. Most rows fit in here, so it need not grow. */
const CAPACITY = BATCH_BYTES + 65_536;
const NEWLINE = '\n'.charCodeAt(0);

/** The rows of a query in COPY's text format, in the current transaction. Takes no parameters. */
export async function* copiedRows({ queryRunner }: EntityManager, select: string): AsyncGenerator<Buffer> {
  if (!queryRunner) throw new Error('COPY needs a transaction.');
  yield* copyOut((await queryRunner.connect()) as Client, select);
}

/**
 * Runs `COPY (<select>) TO STDOUT`. Each buffer holds whole rows. While one is in use, the next is received,
 * but no more than that. If the caller stops early, the remaining rows are received and discarded.
 */
export async function* copyOut(client: Client, select: string): AsyncGenerator<Buffer> {
  const copy = new CopyOut(select);
  client.query(copy);
  try {
    for (let rows = await copy.next(); rows; rows = await copy.next()) yield rows;
  } finally {
    await copy.discard();
  }
}

class CopyOut extends Query {
  private batch = Buffer.allocUnsafe(CAPACITY);
  private length = 0;
  private paused?: Connection;
  private isDiscarding = false;
  private wake = (): void => undefined;
  private readonly over: Promise<Error | undefined>;
  private isOver = false;

  constructor(select: string) {
    super(`copy (${select}) to stdout`);
    this.over = new Promise((resolve) => {
      this.on('end', () => resolve(undefined));
      this.on('error', resolve);
    });
    void this.over.then(() => {
      this.isOver = true;
      this.wake();
    });
  }

  /** Called by node-postgres. The chunk is copied, because its memory is used again. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }, connection: Connection): void {
    if (this.isDiscarding) return;
    if (this.length + chunk.length > this.batch.length) {
      const larger = Buffer.allocUnsafe(2 * (this.length + chunk.length));
      this.batch.copy(larger, 0, 0, this.length);
      this.batch = larger;
    }
    this.length += chunk.copy(this.batch, this.length);
    if (this.length < BATCH_BYTES) return;
    connection.stream.pause();
    this.paused = connection;
    this.wake();
  }

  /** Undefined at the end. Throws the error of the statement. */
  async next(): Promise<Buffer | undefined> {
    if (this.length < BATCH_BYTES && !this.isOver)
      await new Promise<void>((resolve) => (this.wake = resolve));
    const failure = this.isOver ? await this.over : undefined;
    if (failure) throw failure;
    if (this.length === 0) return undefined;
    const rows = this.batch.subarray(0, this.batch.lastIndexOf(NEWLINE, this.length - 1) + 1);
    const rest = this.batch.subarray(rows.length, this.length);
    [this.batch, this.length] = [Buffer.allocUnsafe(CAPACITY + rest.length), rest.length];
    rest.copy(this.batch);
    this.resume();
    return rows;
  }

  async discard(): Promise<void> {
    this.isDiscarding = true;
    this.resume();
    await this.over;
  }

  private resume(): void {
    this.paused?.stream.resume();
    this.paused = undefined;
  }
}
