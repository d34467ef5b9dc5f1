import { Database, lockedForUpdate } from '@atlas/persistence';
import { currentContext } from '@atlas/platform';
import { eventually } from '@atlas/testing';
import { type Type } from '@nestjs/common';
import type supertest from 'supertest';
import { type EntityManager, type ObjectLiteral } from 'typeorm';
import { lockOperator } from '../src/accounts/operator-lock';
import { lockPlane } from '../src/registry/plane-lock';
import { lockTenant } from '../src/tenants/tenants';
import { type TestControlPlane } from './control-plane.fixture';

const LOCK_WAITS = `select count(*)::int as waiting from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** Blocks callers until the gate is opened. The gate cannot be closed again. */
export class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

/**
 * A row locked by another transaction. Writers wait, and continue in the order in which they arrived. Declare
 * it with `await using`: otherwise, a test that fails before it releases the row blocks all later tests.
 */
export class HeldRow implements AsyncDisposable {
  private readonly writes: jest.SpyInstance;
  /** Trace ids of the requests that have begun to write. */
  private readonly requests = new Set<string>();

  private constructor(
    private readonly database: Database,
    private readonly free: Gate,
    private readonly holding: Promise<void>,
  ) {
    const write = database.write.bind(database);
    this.writes = jest.spyOn(database, 'write').mockImplementation((work) => {
      // Counts only requests. Jobs and emails, which may still be writing, have no IP address.
      const context = currentContext();
      if (context?.ip !== undefined) this.requests.add(context.traceId);
      return write(work);
    });
  }

  /** `change` is applied to the row by the other transaction before it commits. */
  static hold(
    plane: TestControlPlane,
    entity: Type<ObjectLiteral>,
    id: string,
    change?: object,
  ): Promise<HeldRow> {
    return HeldRow.by(plane, async (manager) => {
      await lockedForUpdate(manager.createQueryBuilder(entity, 'held').where({ id })).getOneOrFail();
      if (change) await manager.update(entity, { id }, change);
    });
  }

  static async by(
    { app }: TestControlPlane,
    lock: (manager: EntityManager) => Promise<unknown>,
  ): Promise<HeldRow> {
    const database = app.get(Database);
    const [held, free] = [new Gate(), new Gate()];
    const holding = database.write(async (manager) => {
      await lock(manager);
      held.open();
      await free.opened;
    });
    await Promise.race([held.opened, holding]);
    return new HeldRow(database, free, holding);
  }

  /** Resolves once this many transactions are blocked on the row. */
  async untilWaiting(count: number): Promise<void> {
    const what = `${count} transactions wait for the row`;
    await eventually(async () => (await this.waiting()) >= count, { what, everyMs: 5, timeoutMs: 5000 });
  }

  async release(): Promise<void> {
    this.free.open();
    try {
      await this.holding;
    } finally {
      this.writes.mockRestore();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async waiting(): Promise<number> {
    return this.database.driver === 'sqlite' ? this.requests.size : lockWaits(this.database);
  }
}

/** How many transactions are waiting for a lock. Always 0 on SQLite, which serialises them. */
export async function lockWaits(database: Database): Promise<number> {
  if (database.driver === 'sqlite') return 0;
  const [row] = await database.read(async (manager) => {
    // Postgres caches these statistics during a transaction. Clearing the cache makes newer connections
    // visible.
    await manager.query('select pg_stat_clear_snapshot()');
    return manager.query<{ waiting: number }[]>(LOCK_WAITS);
  });
  return row?.waiting ?? 0;
}

/**
 * Begins a change to a tenant and its plane while the tenant is locked, and checks that the change does not
 * lock the plane while it waits.
 */
export async function besideHeldTenant<T>(
  { app }: TestControlPlane,
  { tenantId, planeId }: { readonly tenantId: string; readonly planeId: string },
  change: () => Promise<T>,
): Promise<T> {
  const database = app.get(Database);
  const { changing } = await database.write(async (manager) => {
    await lockTenant(manager, tenantId);
    const changing = change();
    let answer: unknown = 'nothing yet';
    // The change may return at once and leave the rest to a job.
    changing.then(
      (given) => (answer = given),
      (error: unknown) => (answer = error),
    );
    await eventually(async () => (await lockWaits(database)) > 0, {
      everyMs: 5,
      what: 'the change waits for the tenant',
      found: () => `It has returned: ${JSON.stringify(answer)}`,
    });
    await manager.query(`set local lock_timeout = '100ms'`);
    await lockPlane(manager, planeId);
    return { changing };
  });
  return changing;
}

export class HeldOperator {
  static hold(plane: TestControlPlane, id: string): Promise<HeldRow> {
    return HeldRow.by(plane, (manager) => lockOperator(manager, id));
  }

  /** Starts the calls while the operator's row is locked, each queued behind the previous one. */
  static async queue<T extends readonly supertest.Test[]>(
    plane: TestControlPlane,
    id: string,
    ...calls: T
  ): Promise<{ [K in keyof T]: supertest.Response }> {
    await using held = await HeldOperator.hold(plane, id);
    const answers: Promise<supertest.Response>[] = [];
    for (const call of calls) {
      answers.push(call.then((response) => response));
      await held.untilWaiting(answers.length);
    }
    await held.release();
    return (await Promise.all(answers)) as { [K in keyof T]: supertest.Response };
  }
}
