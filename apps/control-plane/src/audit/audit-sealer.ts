import { createHash } from 'node:crypto';
import { Database, insertRow } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { AuditChainLink } from './audit-chain-link.entity';
import { AuditEvent } from './audit-event.entity';

const BATCH = 500;
const GENESIS = '0'.repeat(64);

/** Links audit rows that are not yet in the chain. Run by the sweep; one at a time over all processes. */
@Injectable()
export class AuditSealer {
  constructor(private readonly database: Database) {}

  /** Returns how many rows it sealed. */
  seal(): Promise<number> {
    return this.database.write(async (manager) => {
      if (this.database.driver === 'postgres') {
        const [lock] = await manager.query<{ locked: boolean }[]>(
          'select pg_try_advisory_xact_lock(4772602) as locked',
        );
        if (!lock?.locked) return 0;
      }
      const events = await this.unsealed(manager);
      await this.append(manager, events);
      return events.length;
    });
  }

  private unsealed(manager: EntityManager): Promise<AuditEvent[]> {
    return manager
      .createQueryBuilder(AuditEvent, 'event')
      .leftJoin(AuditChainLink, 'link', 'link.auditId = event.id')
      .where('link.auditId is null')
      .orderBy('event.id')
      .limit(BATCH)
      .getMany();
  }

  private async append(manager: EntityManager, events: readonly AuditEvent[]): Promise<void> {
    const [last] = await manager.find(AuditChainLink, { order: { position: 'DESC' }, take: 1 });
    let { position, hash } = last ?? { position: 0, hash: GENESIS };
    for (const event of events) {
      position += 1;
      hash = linkHash(hash, event);
      await insertRow(manager, AuditChainLink, { position, auditId: event.id, hash });
    }
  }
}

export function linkHash(previous: string, event: AuditEvent): string {
  const { id, at, actorKind, actorId, action, targetKind, targetId, before, after, ip, traceId } = event;
  const content = [
    id,
    at.toISOString(),
    actorKind,
    actorId,
    action,
    targetKind,
    targetId,
    before,
    after,
    ip,
    traceId,
  ];
  return createHash('sha256').update(previous).update(canonicalJson(content)).digest('hex');
}

/** Keys in order: jsonb does not keep the order that was written. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
