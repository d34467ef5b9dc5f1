import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@atlas/platform';
import { type EntityManager, QueryFailedError } from 'typeorm';
import { type Database, type Work } from '../database/database';
import { type DatabaseDriver } from '../connection/database-target';

/** The error that the database itself raises on writes to a frozen tenant. */
const FROZEN = 'tenant_frozen';
const LOOK_MS = 10;

/**
 * The statements that create the two tables needed to move a tenant's rows while they are being changed. One
 * table lists the tenants that are tracked or frozen; the other lists the keys of changed rows. The two
 * tables themselves are not moved.
 */
export function changeTrackingTables(driver: DatabaseDriver): string[] {
  if (driver === 'sqlite') {
    return [
      `create table tracked_tenants (tenant_id varchar not null, is_frozen boolean not null,
        constraint tracked_tenants_pk primary key (tenant_id))`,
      `create table row_changes (seq integer primary key autoincrement, tenant_id varchar not null,
        table_name varchar not null, row_key text not null)`,
      `create index row_changes_tenant_ix on row_changes (tenant_id, seq)`,
    ];
  }
  return [
    `create table tracked_tenants (tenant_id uuid not null, is_frozen boolean not null,
      constraint tracked_tenants_pk primary key (tenant_id))`,
    `create table row_changes (tenant_id uuid not null, seq bigint generated always as identity,
      table_name varchar not null, row_key jsonb not null,
        constraint row_changes_pk primary key (tenant_id, seq))`,
    `create function track_row_change() returns trigger language plpgsql as $$
      declare tenant uuid; frozen boolean; changed jsonb;
      begin
        if tg_op = 'DELETE' then tenant := old.tenant_id; else tenant := new.tenant_id; end if;
        select is_frozen into frozen from tracked_tenants where tenant_id = tenant;
        if not found then return null; end if;
        if frozen then raise exception '${FROZEN}'; end if;
        if tg_op = 'DELETE' then changed := to_jsonb(old); else changed := to_jsonb(new); end if;
        insert into row_changes (tenant_id, table_name, row_key)
          values (tenant, tg_table_name, (select jsonb_agg(changed ->> name order by place)
            from unnest(tg_argv) with ordinality as key (name, place)));
        return null;
      end $$`,
  ];
}

/**
 * The statements that create the triggers on one tenant-scoped table. `keys` are the columns of its primary
 * key without `tenant_id`, in order.
 */
export function trackChangesOf(driver: DatabaseDriver, table: string, keys: readonly string[]): string[] {
  if (driver === 'postgres') {
    const names = keys.map((key) => `'${key}'`).join(', ');
    return [
      `create trigger ${table}_tracked after insert or update or delete on ${table}
        for each row execute function track_row_change(${names})`,
    ];
  }
  return ['insert', 'update', 'delete'].map((operation) => {
    const row = operation === 'delete' ? 'old' : 'new';
    const key = keys.map((name) => `cast(${row}.${name} as text)`).join(', ');
    return `create trigger ${table}_tracked_${operation} after ${operation} on ${table}
      when exists (select 1 from tracked_tenants where tenant_id = ${row}.tenant_id) begin
        select raise(abort, '${FROZEN}') from tracked_tenants where tenant_id = ${row}.tenant_id
          and is_frozen;
        insert into row_changes (tenant_id, table_name, row_key)
          values (${row}.tenant_id, '${table}', json_array(${key}));
      end`;
  });
}

export function untrackChangesOf(driver: DatabaseDriver, table: string): string[] {
  if (driver === 'postgres') return [`drop trigger ${table}_tracked on ${table}`];
  return ['insert', 'update', 'delete'].map((operation) => `drop trigger ${table}_tracked_${operation}`);
}

/** Run these statements after dropping the triggers that use the tables. */
export function dropChangeTrackingTables(driver: DatabaseDriver): string[] {
  const tables = ['drop table row_changes', 'drop table tracked_tenants'];
  return driver === 'postgres' ? ['drop function track_row_change()', ...tables] : tables;
}

export interface RowChange {
  readonly seq: number;
  readonly table: string;
  /** The primary key without `tenant_id`, as text. */
  readonly key: readonly string[];
}

/**
 * Tracks the writes to a tenant's rows, and can freeze the tenant. Both are enforced by the database itself,
 * so they apply to all processes.
 */
export class ChangeTracking {
  /**
   * `fence` runs at the end of each transaction of this class. It throws once another process has taken over,
   * so that nothing is written.
   */
  constructor(
    private readonly database: Database,
    private readonly fence: Work<void> = () => Promise.resolve(),
  ) {}

  /**
   * Discards the changes recorded so far. Once this returns, every further change is recorded. Waits for open
   * transactions, unless `signal` aborts the wait.
   */
  async start(tenantId: string, signal?: AbortSignal): Promise<void> {
    await this.write(tenantId, async (manager) => {
      await this.put(manager, tenantId, false);
      await this.forgetAll(manager, tenantId);
    });
    await this.openOnesEnded(signal);
  }

  /**
   * Once this returns, the tenant's rows no longer change: later writes are refused, and earlier transactions
   * have ended. Waits in the same way as {@link start}.
   */
  async freeze(tenantId: string, signal?: AbortSignal): Promise<void> {
    await this.write(tenantId, (manager) => this.put(manager, tenantId, true));
    await this.openOnesEnded(signal);
  }

  /**
   * Locks the tenant's row in the tracking table, after waiting for transactions that have locked it. Call
   * this first in a transaction that locks other rows of the tenant before it calls {@link stop}.
   */
  async hold(tenantId: string): Promise<void> {
    if (this.database.driver === 'sqlite') return;
    const held = 'select from tracked_tenants where tenant_id = $1 for update';
    await this.write(tenantId, (manager) => manager.query(held, [tenantId]));
  }

  stop(tenantId: string): Promise<void> {
    return this.write(tenantId, async (manager) => {
      await this.thaw(manager, tenantId);
      await this.forgetAll(manager, tenantId);
    });
  }

  /** Writes to a frozen tenant, which remains frozen for all other writers throughout. */
  writeFrozen<T>(tenantId: string, work: Work<T>): Promise<T> {
    return this.write(tenantId, async (manager) => {
      await this.thaw(manager, tenantId);
      const result = await work(manager);
      await this.put(manager, tenantId, true);
      return result;
    });
  }

  /** The recorded changes, oldest first, as of `manager`'s snapshot. */
  async read(manager: EntityManager, tenantId: string, limit: number): Promise<RowChange[]> {
    const rows = await manager.query<
      { seq: number | string; table_name: string; row_key: string | string[] }[]
    >('select seq, table_name, row_key from row_changes where tenant_id = $1 order by seq limit $2', [
      tenantId,
      limit,
    ]);
    return rows.map(({ seq, table_name: table, row_key: key }) => ({
      seq: Number(seq),
      table,
      key: typeof key === 'string' ? (JSON.parse(key) as string[]) : key,
    }));
  }

  /**
   * Deletes exactly these changes, not all changes up to the last number, because a change with a smaller
   * number may be committed after one with a larger number.
   */
  async forget(tenantId: string, changes: readonly RowChange[]): Promise<void> {
    if (changes.length === 0) return;
    const numbers = changes.map(({ seq }) => seq).join(', ');
    await this.write(tenantId, (manager) =>
      manager.query(`delete from row_changes where tenant_id = $1 and seq in (${numbers})`, [tenantId]),
    );
  }

  private write<T>(tenantId: string, work: Work<T>): Promise<T> {
    return this.database.writeAs(tenantId, async (manager) => {
      const result = await work(manager);
      await this.fence(manager);
      return result;
    });
  }

  private async put(manager: EntityManager, tenantId: string, isFrozen: boolean): Promise<void> {
    await manager.query(
      `insert into tracked_tenants (tenant_id, is_frozen) values ($1, $2)
       on conflict (tenant_id) do update set is_frozen = excluded.is_frozen`,
      [tenantId, this.database.driver === 'sqlite' ? Number(isFrozen) : isFrozen],
    );
  }

  private async thaw(manager: EntityManager, tenantId: string): Promise<void> {
    await manager.query('delete from tracked_tenants where tenant_id = $1', [tenantId]);
  }

  private async forgetAll(manager: EntityManager, tenantId: string): Promise<void> {
    await manager.query('delete from row_changes where tenant_id = $1', [tenantId]);
  }

  /**
   * Waits for transactions that had already written something when our write was committed, because they may
   * not have seen our write. Later transactions see it. The wait may take hours, because any client of this
   * database may keep a transaction open.
   */
  private async openOnesEnded(signal: AbortSignal | undefined): Promise<void> {
    // SQLite serialises writers.
    if (this.database.driver === 'sqlite') return;
    const open = await this.ask<{ id: string }>(
      `select backend_xid::text as id from pg_stat_activity
       where datname = current_database() and backend_xid is not null`,
    );
    const ids = open.map(({ id }) => id);
    const question = `select exists (select from pg_stat_activity
      where datname = current_database() and backend_xid = any ($1::xid[])) as are_open`;
    while (ids.length > 0 && (await this.ask<{ are_open: boolean }>(question, ids))[0]?.are_open)
      await delay(LOOK_MS, undefined, { signal });
  }

  private ask<T>(question: string, ...parameters: unknown[]): Promise<T[]> {
    return this.database.read((manager) => manager.query<T[]>(question, parameters));
  }
}

/**
 * Stops tracking all other tenants. Call this for a database that now belongs to one tenant and itself
 * refuses rows of other tenants.
 */
export async function untrackOthers(manager: EntityManager, tenantId: string): Promise<void> {
  await manager.query('delete from tracked_tenants where tenant_id <> $1', [tenantId]);
}

/** The error for users while writes to their tenant are paused. Returns any other error unchanged. */
export function translateFrozen(error: unknown): unknown {
  if (!(error instanceof QueryFailedError) || !error.message.includes(FROZEN)) return error;
  return tenantFrozen();
}

export function tenantFrozen(): DomainError {
  const detail =
    'This tenant is being moved or removed, so writes are paused for a moment. Retry the request.';
  return new DomainError(FROZEN, 'unavailable', detail, {}, { 'retry-after': '1' });
}
