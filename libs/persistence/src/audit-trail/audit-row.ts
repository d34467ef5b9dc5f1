import { type AuditRecord, currentContext } from '@atlas/platform';
import { Column } from 'typeorm';
import { JsonColumn, TimestampColumn } from '../schema/columns';

/**
 * An entry of an audit trail: who did what, to what, and from where. Once stored, a row is changed only to
 * seal it.
 */
export abstract class AuditRow {
  abstract id: string;
  @TimestampColumn() at: Date;
  @Column('varchar', { name: 'actor_kind' }) actorKind: string;
  @Column('varchar', { name: 'actor_id', nullable: true }) actorId: string | null;
  @Column('varchar') action: string;
  @Column('varchar', { name: 'target_kind' }) targetKind: string;
  @Column('varchar', { name: 'target_id', nullable: true }) targetId: string | null;
  @JsonColumn({ nullable: true }) before: Record<string, unknown> | null;
  @JsonColumn({ nullable: true }) after: Record<string, unknown> | null;
  @Column('varchar', { nullable: true }) ip: string | null;
  @Column('varchar', { name: 'trace_id', nullable: true }) traceId: string | null;
  /** The position and hash of the row in the chain. Both are null until the row is sealed. */
  @Column('integer', { nullable: true }) position: number | null;
  @Column('varchar', { nullable: true }) hash: string | null;
}

export interface AuditEntry {
  readonly action: string;
  readonly targetKind: string;
  readonly targetId: string | null;
  readonly before?: Record<string, unknown>;
  readonly after?: Record<string, unknown>;
}

const MAX_QUOTED = 100;

/** Truncates input from refused requests, because audit rows are kept forever. */
export function quoted(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= MAX_QUOTED) return text;
  return `${text.slice(0, MAX_QUOTED).toWellFormed()}…`;
}

/**
 * Takes the actor, the IP address and the trace id from the current request. Without an actor, records
 * `byNobody` as the kind of actor.
 */
export function auditRowOf(entry: AuditEntry, id: string, at: Date, byNobody: string): AuditRow {
  const context = currentContext();
  return {
    ...entry,
    id,
    at,
    actorKind: context?.actor?.kind ?? byNobody,
    actorId: context?.actor?.id ?? null,
    before: entry.before ?? null,
    after: entry.after ?? null,
    ip: context?.ip ?? null,
    traceId: context?.traceId ?? null,
    position: null,
    hash: null,
  };
}

export function auditRecordOf(row: AuditRow): AuditRecord {
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor: { kind: row.actorKind, id: row.actorId },
    action: row.action,
    target: { kind: row.targetKind, id: row.targetId },
    before: row.before,
    after: row.after,
    ip: row.ip,
    trace_id: row.traceId,
  };
}
