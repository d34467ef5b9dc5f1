import { Database, TenantDatabase, deleteOldRows } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { Session } from '../credentials/session.entity';
import { LONGEST_MS } from '../credentials/sessions';
import { UserToken } from '../credentials/user-token.entity';
import { IdempotencyRecord } from '../idempotency/idempotency-record.entity';
import { HourlySweep } from '../tenancy/hourly-sweep';
import { servingTenants } from '../tenancy/serving-tenants';

/**
 * Deletes links and stored responses once they expire, and sessions once no session of the same sign-in can
 * still be valid. Until then, a used refresh token must be recognised, and the first session limits how long
 * the others may last. The audit trail still records who signed in.
 */
@Injectable()
export class OldSessions extends HourlySweep {
  private readonly logger = new Logger(OldSessions.name);

  constructor(
    private readonly plane: Database,
    private readonly tenants: TenantDatabase,
    private readonly clock: Clock,
  ) {
    super();
  }

  async sweep(): Promise<void> {
    try {
      for await (const tenantId of servingTenants(this.plane)) {
        if (this.isClosing) return;
        // A tenant that is frozen for a move is swept by its new home.
        await this.sweepTenant(tenantId).catch((error: unknown) => this.leave(error));
      }
    } catch (error) {
      this.leave(error);
    }
  }

  private leave(error: unknown): void {
    this.logger.warn(`Could not delete old sessions, trying again in an hour: ${(error as Error).message}`);
  }

  private async sweepTenant(tenantId: string): Promise<void> {
    const now = this.clock.now();
    const write = <T>(work: Parameters<Database['write']>[0]): Promise<T> =>
      this.tenants.write(tenantId, ({ manager }) => work(manager) as Promise<T>);
    const over = { tenantId, expiresAt: this.plane.isPast() };
    const createdAt = LessThan(new Date(now.getTime() - LONGEST_MS));
    await deleteOldRows(write, { entity: Session, key: 'id', where: { tenantId, createdAt } });
    await deleteOldRows(write, { entity: UserToken, key: 'tokenHash', where: over });
    await deleteOldRows(write, { entity: IdempotencyRecord, key: 'scope', where: over });
  }
}
