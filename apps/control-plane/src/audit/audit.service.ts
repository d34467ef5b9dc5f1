import { insertRow } from '@atlas/persistence';
import { Clock, currentContext } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type AuditActorKind, AuditEvent } from './audit-event.entity';

export interface AuditEntry {
  readonly action: string;
  readonly targetKind: string;
  readonly targetId: string | null;
  readonly before?: Record<string, unknown>;
  readonly after?: Record<string, unknown>;
}

/** Writes what was done in the transaction that does it; who and from where come from the current request. */
@Injectable()
export class Audit {
  constructor(private readonly clock: Clock) {}

  record(manager: EntityManager, entry: AuditEntry): Promise<void> {
    const context = currentContext();
    const at = this.clock.now();
    return insertRow(manager, AuditEvent, {
      id: uuidv7(at),
      at,
      actorKind: (context?.actor?.kind ?? 'system') as AuditActorKind,
      actorId: context?.actor?.id ?? null,
      action: entry.action,
      targetKind: entry.targetKind,
      targetId: entry.targetId,
      before: (entry.before ?? null) as never,
      after: (entry.after ?? null) as never,
      ip: context?.ip ?? null,
      traceId: context?.traceId ?? null,
    });
  }
}
