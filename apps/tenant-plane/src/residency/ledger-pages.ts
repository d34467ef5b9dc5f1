import { Database, TenantDatabase } from '@atlas/persistence';
import { type Page, pageOf } from '@atlas/platform';
import { type LedgerEntry, type LedgerQuery, type LedgerSpan } from '@atlas/tenant-api/residency';
import { Injectable } from '@nestjs/common';
import { type SelectQueryBuilder } from 'typeorm';
import { EgressCall, PlaneEgressCall } from '../egress/egress-call.entity';
import { EgressLedger } from '../egress/egress-ledger';
import { Deployment } from '../plane-identity/deployment';

const EXPORTED_AT_ONCE = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

export type LedgerRow = Omit<EgressCall, 'tenantId'>;

interface Wanted extends LedgerSpan {
  readonly limit: number;
  /** The rows before this ID, latest first. */
  readonly before?: string;
  /** The rows after this ID, oldest first. */
  readonly after?: string;
}

/**
 * Reads the ledger for a tenant: the calls that concern it and, if the plane is the tenant's own, those that
 * concern the plane. The calls of a shared plane would say how many other tenants it has, and what they do.
 */
@Injectable()
export class LedgerPages {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly deployment: Deployment,
    private readonly ledger: EgressLedger,
  ) {}

  async list(tenantId: string, { cursor, ...query }: LedgerQuery): Promise<Page<LedgerEntry>> {
    await this.ledger.flush();
    const { limit } = query;
    const rows = await this.rows(tenantId, { ...query, limit: limit + 1, before: cursor });
    return pageOf(rows, limit, entryOf);
  }

  /** Reads a few rows at a time, and fails once `ended` is aborted. */
  async *lines(tenantId: string, span: LedgerSpan, ended: AbortSignal): AsyncGenerator<string> {
    await this.ledger.flush();
    let after = BEFORE_ALL;
    let rows: LedgerRow[];
    do {
      rows = await this.rows(tenantId, { ...span, after, limit: EXPORTED_AT_ONCE });
      ended.throwIfAborted();
      for (const row of rows) yield `${JSON.stringify(entryOf(row))}\n`;
      after = rows.at(-1)?.id ?? after;
    } while (rows.length === EXPORTED_AT_ONCE);
  }

  private async rows(tenantId: string, wanted: Wanted): Promise<LedgerRow[]> {
    const own = await this.tenants.read(tenantId, (scope) =>
      narrowed(scope.query(EgressCall, 'call'), wanted).getMany(),
    );
    const isOwnPlane = this.deployment.profile.tenantFixed;
    const planes = isOwnPlane ? await this.planeRows(wanted) : [];
    const order = wanted.after === undefined ? -1 : 1;
    return [...own, ...planes].sort((a, b) => (a.id < b.id ? -order : order)).slice(0, wanted.limit);
  }

  private planeRows(wanted: Wanted): Promise<LedgerRow[]> {
    return this.database.read((manager) =>
      narrowed(manager.createQueryBuilder(PlaneEgressCall, 'call').where('1 = 1'), wanted).getMany(),
    );
  }
}

/** The rows of a ledger that are wanted. The query already has its condition on the tenant. */
export function narrowed<T extends LedgerRow>(
  query: SelectQueryBuilder<T>,
  { from, to, before, after, limit }: Wanted,
): SelectQueryBuilder<T> {
  if (before !== undefined) query.andWhere('call.id < :before', { before });
  if (after !== undefined) query.andWhere('call.id > :after', { after });
  if (from !== undefined) query.andWhere('call.lastAt >= :from', { from: new Date(from) });
  if (to !== undefined) query.andWhere('call.firstAt < :to', { to: new Date(to) });
  return query.orderBy('call.id', after === undefined ? 'DESC' : 'ASC').take(limit);
}

export function entryOf({
  firstAt,
  lastAt,
  count,
  destination,
  fields,
  bytes,
  refused,
  ...row
}: LedgerRow): LedgerEntry {
  return { at: firstAt, last_at: lastAt, count, destination, class: row.class, fields, bytes, refused };
}
