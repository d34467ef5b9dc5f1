import { Database } from '@atlas/persistence';

import { Clock } from '@atlas/platform';
import { NonceStore, type NonceUse } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { RequestNonce } from './request-nonce.entity';
import { ServiceKeys } from './service-keys';

interface Pending {
  readonly use: NonceUse;
  readonly resolve: (isFirst: boolean) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_BATCH = 500;

/**
 * Nonces of all processes in one table. Calls that come while one batch is written leave in the next, so many cost one
 * round trip. The batch also asks whether the key is still accepted. Its commit does not wait for the disk: after a
 * crash of Postgres the last nonces may be forgotten, for at most the 300 s of the signature's window.
 */
@Injectable()
export class RequestNonces extends NonceStore {
  private pending: Pending[] = [];
  private isWriting = false;

  constructor(
    private readonly database: Database,
    private readonly keys: ServiceKeys,
    private readonly clock: Clock,
  ) {
    super();
  }

  consume(use: NonceUse): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.pending.push({ use, resolve, reject });
      if (!this.isWriting) void this.writeAll();
    });
  }

  /** Forgets nonces whose signatures are too old to be accepted. */
  async sweep(): Promise<void> {
    const expiresAt = LessThan(this.clock.now());
    await this.database.write((manager) => manager.delete(RequestNonce, { expiresAt }));
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true;
    while (this.pending.length > 0) await this.writeBatch(this.pending.splice(0, MAX_BATCH));
    this.isWriting = false;
  }

  private async writeBatch(batch: readonly Pending[]): Promise<void> {
    try {
      const accepted = await this.insert(batch.map(({ use }) => use));
      // Of two uses in one batch one row came back: the first takes it.
      for (const { use, resolve } of batch) resolve(accepted.delete(nameOf(use.keyId, use.nonce)));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  private async insert(uses: readonly NonceUse[]): Promise<Set<string>> {
    const rows =
      this.database.driver === 'postgres' ? await this.insertPostgres(uses) : await this.insertSqlite(uses);
    return new Set(rows.map((row) => nameOf(row.key_id, row.nonce)));
  }

  private insertPostgres(uses: readonly NonceUse[]): Promise<InsertedNonce[]> {
    return this.database.dataSource.query(INSERT_POSTGRES, [
      uses.map((use) => use.keyId),
      uses.map((use) => use.nonce),
      uses.map((use) => use.expiresAt),
      this.keys.platformKeyId,
    ]);
  }

  private insertSqlite(uses: readonly NonceUse[]): Promise<InsertedNonce[]> {
    const rows = uses.map((use) => [use.keyId, use.nonce, sqliteTime(use.expiresAt)]);
    return this.database.write((manager) =>
      manager.query(INSERT_SQLITE, [JSON.stringify(rows), this.keys.platformKeyId]),
    );
  }
}

interface InsertedNonce {
  readonly key_id: string;
  readonly nonce: string;
}

const isAccepted = (platformKeyId: string): string =>
  `(used.key_id = ${platformKeyId}
    or exists (select 1 from service_keys where id = used.key_id and revoked_at is null))`;

const INSERT_POSTGRES = `with quick as materialized (select set_config('synchronous_commit', 'off', true))
  insert into request_nonces (key_id, nonce, expires_at)
  select used.key_id, used.nonce, used.expires_at
    from quick, unnest($1::text[], $2::text[], $3::timestamptz[]) as used (key_id, nonce, expires_at)
   where ${isAccepted('$4')}
  on conflict do nothing returning key_id, nonce`;

const INSERT_SQLITE = `insert into request_nonces (key_id, nonce, expires_at)
  select used.key_id, used.nonce, used.expires_at
    from (select value ->> 0 as key_id, value ->> 1 as nonce, value ->> 2 as expires_at from json_each($1)) as used
   where ${isAccepted('$2')}
  on conflict do nothing returning key_id, nonce`;

function nameOf(keyId: string, nonce: string): string {
  return `${keyId}\n${nonce}`;
}

function sqliteTime(time: Date): string {
  return time.toISOString().replace('T', ' ').replace('Z', '');
}
