import { type NonceUse } from '@atlas/service-auth';
import { MicroBatches } from './micro-batches';
import { RequestNonces } from './request-nonces';

interface Pending {
  readonly use: NonceUse;
  readonly resolve: (isFirst: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The table is authoritative for all processes, and each call waits until its nonce is written
 * there. The batch also checks that the key is still accepted, since another process may have
 * revoked it. Its commit does not wait for the disk. If Postgres crashes, the latest nonces
 * may be lost, and their calls could be replayed within the signature's window of 300 s.
 */
export class PostgresNonces extends RequestNonces {
  private readonly batches = new MicroBatches<Pending>((batch) => this.writeBatch(batch));

  protected keepFirst(use: NonceUse): Promise<boolean> {
    return new Promise((resolve, reject) => this.batches.add({ use, resolve, reject }));
  }

  private async writeBatch(batch: readonly Pending[]): Promise<void> {
    try {
      const accepted = await this.insert(batch.map(({ use }) => use));
      // Two equal uses in one batch return only one row, so only the first use is accepted.
      for (const { use, resolve } of batch) resolve(accepted.delete(nameOf(use.keyId, use.nonce)));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  private async insert(uses: readonly NonceUse[]): Promise<Set<string>> {
    const rows = uses.map(({ keyId, nonce, expiresAt }) => ({ key_id: keyId, nonce, expires_at: expiresAt }));
    const keyIds = [...new Set(uses.map(({ keyId }) => keyId))];
    const inserted: InsertedNonce[] = await this.database.dataSource.query(INSERT, [
      JSON.stringify(rows),
      keyIds,
    ]);
    return new Set(inserted.map(({ key_id, nonce }) => nameOf(key_id, nonce)));
  }
}

interface InsertedNonce {
  readonly key_id: string;
  readonly nonce: string;
}

const INSERT = `with quick as materialized (select set_config('synchronous_commit', 'off', true))
  insert into request_nonces (key_id, nonce, expires_at)
  select key_id, nonce, expires_at
    from quick, json_to_recordset($1) as used (key_id text, nonce text, expires_at timestamptz)
   where key_id <> all (array(select id from service_keys where id = any ($2) and revoked_at is not null))
  on conflict do nothing returning key_id, nonce`;

function nameOf(keyId: string, nonce: string): string {
  return `${keyId}\n${nonce}`;
}
