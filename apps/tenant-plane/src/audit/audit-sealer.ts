import { Database, SEAL_BATCH, TenantDatabase, sealBatch } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ADVISORY_LOCKS } from '../database/advisory-locks';
import { AuditEvent } from './audit-event.entity';

const EVERY_MS = 5000;

/**
 * Every 5 s, seals the audit rows that this process has written. Sealing links the rows into their tenant's
 * hash chain. If a process is killed before it has sealed its rows, they are sealed with the tenant's next
 * entry, or when the chain is read.
 */
@Injectable()
export class AuditSealer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(AuditSealer.name);
  private readonly noted = new Set<string>();
  private sealing: Promise<void> = Promise.resolve();
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => (this.sealing = this.sealing.then(() => this.sealNoted())), EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.sealing;
    await this.sealNoted();
  }

  /** Notes that the tenant has rows to seal. */
  note(tenantId: string): void {
    this.noted.add(tenantId);
  }

  async seal(tenantId: string): Promise<void> {
    while ((await this.sealBatch(tenantId)) === SEAL_BATCH);
  }

  private async sealNoted(): Promise<void> {
    for (const tenantId of [...this.noted]) {
      // Deleted before sealing, so that rows written in the meantime are noted again.
      this.noted.delete(tenantId);
      await this.seal(tenantId).catch((error: unknown) => this.failed(tenantId, error));
    }
  }

  private failed(tenantId: string, error: unknown): void {
    // The rows of a frozen tenant do not change. Its new home seals them.
    if (error instanceof DomainError && error.code === 'tenant_frozen') return;
    this.noted.add(tenantId);
    this.logger.warn(`Could not seal audit rows, trying again: ${(error as Error).message}`);
  }

  private sealBatch(tenantId: string): Promise<number> {
    return this.tenants.write(tenantId, async ({ manager }) => {
      if (this.database.driver === 'postgres') {
        const [lock] = await manager.query<{ locked: boolean }[]>(
          'select pg_try_advisory_xact_lock($1, hashtext($2)) as locked',
          [ADVISORY_LOCKS.auditSeal, tenantId],
        );
        if (!lock?.locked) return 0;
      }
      return sealBatch(manager, { entity: AuditEvent, tenantId });
    });
  }
}
