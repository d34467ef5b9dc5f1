import { Database, deleteOldRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { OperatorResetLink } from './operator-reset-link.entity';
import { OperatorSession } from './operator-session.entity';

/**
 * How long sessions are kept after they expire, so that their origin
 * can still be looked up. The audit trail keeps everything else.
 */
const KEPT_MS = 30 * 24 * 3600_000;

/**
 * Deletes operators' sessions and reset links long after they have expired.
 * API keys are kept, because the API also lists expired and revoked keys.
 */
@Injectable()
export class OldCredentials {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async sweep(): Promise<void> {
    const where = { expiresAt: LessThan(new Date(this.clock.now().getTime() - KEPT_MS)) };
    const write = this.database.write.bind(this.database);
    await deleteOldRows(write, { entity: OperatorSession, key: 'id', where });
    await deleteOldRows(write, { entity: OperatorResetLink, key: 'id', where });
  }
}
