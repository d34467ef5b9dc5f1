import { Database, lockedForUpdate } from '@atlas/persistence';
import { currentContext } from '@atlas/platform';
import { eventually } from '@atlas/testing';
import { Operator } from '../src/accounts/operator.entity';
import { type TestControlPlane } from './control-plane.fixture';

const LOCK_WAITS = `select count(*)::int as waiting from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** Opened once; who has come before waits. */
export class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

/** An operator whose row another transaction holds: what writes waits for it, and goes on in the order in which it came. */
export class HeldOperator {
  private readonly writes: jest.SpyInstance;
  private requested = 0;

  private constructor(
    private readonly database: Database,
    private readonly free: Gate,
    private readonly holding: Promise<void>,
  ) {
    const write = database.write.bind(database);
    this.writes = jest.spyOn(database, 'write').mockImplementation((work) => {
      if (currentContext()) this.requested += 1;
      return write(work);
    });
  }

  static async hold({ app }: TestControlPlane, id: string): Promise<HeldOperator> {
    const database = app.get(Database);
    const [held, free] = [new Gate(), new Gate()];
    const holding = database.write(async (manager) => {
      const operator = manager.createQueryBuilder(Operator, 'operator').where({ id });
      await lockedForUpdate(operator).getOneOrFail();
      held.open();
      await free.opened;
    });
    await Promise.race([held.opened, holding]);
    return new HeldOperator(database, free, holding);
  }

  /** Until so many transactions wait. */
  async untilWaiting(count: number): Promise<void> {
    const what = `${count} transactions wait for the operator`;
    await eventually(async () => (await this.waiting()) >= count, { what, everyMs: 5, timeoutMs: 5000 });
  }

  async release(): Promise<void> {
    this.free.open();
    await this.holding;
    this.writes.mockRestore();
  }

  private async waiting(): Promise<number> {
    if (this.database.driver === 'sqlite') return this.requested;
    const [row] = await this.database.read((manager) => manager.query<{ waiting: number }[]>(LOCK_WAITS));
    return row?.waiting ?? 0;
  }
}
