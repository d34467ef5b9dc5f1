import { type TenantScope } from '@atlas/persistence';
import { Clock, currentContext } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { AuditEvent } from './audit-event.entity';

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

  record(scope: TenantScope, { before, after, ...entry }: AuditEntry): Promise<void> {
    const context = currentContext();
    const at = this.clock.now();
    const who = { actorKind: context?.actor?.kind ?? 'anonymous', actorId: context?.actor?.id ?? null };
    const where = { ip: context?.ip ?? null, traceId: context?.traceId ?? null };
    return scope.insert(AuditEvent, {
      id: uuidv7(at),
      at,
      ...who,
      ...where,
      ...entry,
      before: before ?? null,
      after: after ?? null,
    });
  }
}
