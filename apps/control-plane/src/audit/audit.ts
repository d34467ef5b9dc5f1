import { type AuditEntry, auditRowOf, insertRow } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { AuditEvent } from './audit-event.entity';

/** Records an action in the transaction that carries it out. */
@Injectable()
export class Audit {
  constructor(private readonly clock: Clock) {}

  record(manager: EntityManager, entry: AuditEntry): Promise<void> {
    const at = this.clock.now();
    return insertRow(manager, AuditEvent, auditRowOf(entry, uuidv7(at), at, 'system'));
  }
}
