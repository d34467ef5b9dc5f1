import { Database, SEAL_BATCH, sealBatch } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { AuditEvent } from './audit-event.entity';

const MAX_BATCHES = 40;

/**
 * Appends audit rows to the hash chain after they have been
 * written. Runs in every sweep, but in only one process at a time.
 */
@Injectable()
export class AuditSealer {
  constructor(private readonly database: Database) {}

  /**
   * Seals up to a fixed number of pending rows and leaves the
   * rest to the next sweep. Returns how many rows it sealed.
   */
  async seal(): Promise<number> {
    let total = 0;
    for (let round = 0; round < MAX_BATCHES; round++) {
      const sealed = await this.sealBatch();
      total += sealed;
      if (sealed < SEAL_BATCH) break;
    }
    return total;
  }

  private sealBatch(): Promise<number> {
    return this.database.write(async (manager) => {
      if (this.database.driver === 'postgres') {
        const [lock] = await manager.query<{ locked: boolean }[]>(
          'select pg_try_advisory_xact_lock(4772602) as locked',
        );
        if (!lock?.locked) return 0;
      }
      return sealBatch(manager, { entity: AuditEvent });
    });
  }
}
