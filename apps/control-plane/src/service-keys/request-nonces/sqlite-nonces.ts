import { type Database } from '@atlas/persistence';
import { type Clock, newTraceId, runInContext } from '@atlas/platform';
import { InMemoryNonceStore, type NonceUse } from '@atlas/service-auth';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { MoreThanOrEqual } from 'typeorm';
import { MicroBatches } from './micro-batches';
import { RequestNonce } from './request-nonce.entity';
import { RequestNonces } from './request-nonces';

const WRITE_BEHIND_MS = 20;

/**
 * With SQLite there is only one process, so its memory is authoritative. The table is written
 * asynchronously and read at the next start. A killed process may lose the nonces of its last
 * few milliseconds, and their calls could be replayed within the signature's window of 300 s.
 */
export class SqliteNonces extends RequestNonces implements OnApplicationShutdown {
  private readonly logger = new Logger(RequestNonces.name);
  private readonly used: InMemoryNonceStore;
  private readonly behind = new MicroBatches<NonceUse>((batch) => this.keep(batch), WRITE_BEHIND_MS);

  private constructor(database: Database, clock: Clock) {
    super(database, clock);
    this.used = new InMemoryNonceStore(clock);
  }

  static async load(database: Database, clock: Clock): Promise<SqliteNonces> {
    const nonces = new SqliteNonces(database, clock);
    const alive = { expiresAt: MoreThanOrEqual(clock.now()) };
    const kept = await database.read((manager) => manager.findBy(RequestNonce, alive));
    for (const use of kept) nonces.used.consume(use);
    return nonces;
  }

  protected keepFirst(use: NonceUse): boolean {
    const isFirst = this.used.consume(use);
    if (isFirst) this.behind.add(use);
    return isFirst;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.behind.written();
  }

  private async keep(batch: readonly NonceUse[]): Promise<void> {
    try {
      const rows = JSON.stringify(
        batch.map(({ keyId, nonce, expiresAt }) => [keyId, nonce, textOf(expiresAt)]),
      );
      // The batch belongs to no single request.
      await runInContext({ traceId: newTraceId() }, () =>
        this.database.write((manager) => manager.query(INSERT, [rows])),
      );
    } catch (error) {
      const what = `${batch.length} nonces are not in the database and would be lost in a restart`;
      this.logger.warn(`${what}: ${(error as Error).message}`);
    }
  }
}

const INSERT = `insert into request_nonces (key_id, nonce, expires_at)
  select value ->> 0, value ->> 1, value ->> 2 from json_each($1) where true on conflict do nothing`;

/** Formats a time as TypeORM writes it to SQLite. */
function textOf(time: Date): string {
  return time.toISOString().replace('T', ' ').replace('Z', '');
}
