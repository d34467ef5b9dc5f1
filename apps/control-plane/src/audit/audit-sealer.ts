import { createHash } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { AuditChainLink } from './audit-chain-link.entity';
import { AuditEvent } from './audit-event.entity';

const BATCH = 500;
const MAX_BATCHES = 40;
/** No transaction lives this long: a row that is not visible by then does not come. */
const LATEST_MS = 10 * 60_000;
const GENESIS = '0'.repeat(64);

/** Links audit rows that are not yet in the chain. Run by the sweep; one at a time over all processes. */
@Injectable()
export class AuditSealer {
  constructor(private readonly database: Database) {}

  /** Seals what there is, up to a bound; the next sweep goes on. Returns how many rows it sealed. */
  async seal(): Promise<number> {
    let total = 0;
    for (let round = 0; round < MAX_BATCHES; round++) {
      const sealed = await this.sealBatch();
      total += sealed;
      if (sealed < BATCH) break;
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
      const [last = null] = await manager.find(AuditChainLink, { order: { position: 'DESC' }, take: 1 });
      const events = await this.unsealed(manager, last);
      const links = chain(last, events);
      if (links.length > 0) await manager.insert(AuditChainLink, links);
      return links.length;
    });
  }

  /** Looks only at rows that are newer than the last sealed one, but for a margin: rows become visible in another order than they were made. */
  private async unsealed(manager: EntityManager, last: AuditChainLink | null): Promise<AuditEvent[]> {
    const query = manager
      .createQueryBuilder(AuditEvent, 'event')
      .leftJoin(AuditChainLink, 'link', 'link.auditId = event.id')
      .where('link.auditId is null')
      .orderBy('event.id')
      .limit(BATCH);
    if (last) query.andWhere('event.id > :from', { from: earlierId(last.auditId) });
    return query.getMany();
  }
}

function chain(last: AuditChainLink | null, events: readonly AuditEvent[]): AuditChainLink[] {
  let { position, hash } = last ?? { position: 0, hash: GENESIS };
  return events.map((event) => {
    position += 1;
    hash = linkHash(hash, event);
    return { position, auditId: event.id, hash };
  });
}

/** The smallest UUIDv7 of a time that lies {@link LATEST_MS} before the given one's. */
function earlierId(id: string): string {
  const ms = Math.max(0, parseInt(id.replaceAll('-', '').slice(0, 12), 16) - LATEST_MS);
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
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
