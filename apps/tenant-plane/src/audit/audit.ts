import { type AuditEntry, Database, type TenantScope, auditRowOf } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { AuditEvent } from './audit-event.entity';
import { AuditSealer } from './audit-sealer';

/** Records each action in the transaction that performs it. */
@Injectable()
export class Audit {
  constructor(
    private readonly database: Database,
    private readonly sealer: AuditSealer,
    private readonly clock: Clock,
  ) {}

  record(scope: TenantScope, entry: AuditEntry): Promise<void> {
    this.database.afterCommit(() => this.sealer.note(scope.tenantId));
    const at = this.clock.now();
    return scope.insert(AuditEvent, auditRowOf(entry, uuidv7(at), at, 'anonymous'));
  }
}
