import { Database } from '@atlas/persistence';
import { asAdmin, eventually, testServerUrl } from '@atlas/testing';
import { type TestTenantPlane } from './tenant-plane.fixture';

type Method = (...given: unknown[]) => Promise<unknown>;

/**
 * Pauses the next call of a method, before or after the method runs, so that something else can happen at
 * that point.
 */
export class Pause {
  readonly reached: Promise<void>;
  release: () => void;

  private constructor(target: object, name: string, place: 'before' | 'behind') {
    const methods = target as Record<string, Method>;
    const work = methods[name]?.bind(target) as Method;
    const released = new Promise<void>((resolve) => (this.release = resolve));
    this.reached = new Promise((reach) => {
      jest.spyOn(methods, name).mockImplementationOnce(async (...given) => {
        const result = place === 'behind' ? await work(...given) : undefined;
        reach();
        await released;
        return place === 'behind' ? result : work(...given);
      });
    });
  }

  static before(target: object, name: string): Pause {
    return new Pause(target, name, 'before');
  }
  static behind(target: object, name: string): Pause {
    return new Pause(target, name, 'behind');
  }
  /** Pauses after a password is checked or hashed, but before the result is used. */
  static inHashing(step: 'verify' | 'hash'): Pause {
    return new Pause(jest.requireActual('@node-rs/argon2'), step, 'behind');
  }
}

/**
 * Resolves once `work`, which has just been sent, has finished or is waiting for another transaction with
 * `own` transactions. On Postgres, `count` transactions must be waiting in all.
 */
export async function endedOrWaiting(
  plane: TestTenantPlane,
  work: Promise<unknown>,
  count = 1,
  own = 1,
): Promise<void> {
  let hasEnded = false;
  const ends = (): void => void (hasEnded = true);
  work.then(ends, ends);
  const isWaiting = plane.database.driver === 'sqlite' ? hasQueued(plane, own) : waitForLocks(plane, count);
  await eventually(async () => hasEnded || (await isWaiting()), { everyMs: 5 });
}

/**
 * Returns a function that counts the transactions retried since this call, for example after a deadlock in
 * Postgres.
 */
export function countRetries({ app, database: { driver } }: TestTenantPlane): () => number {
  // On SQLite, writers take turns, so nothing is retried.
  if (driver === 'sqlite') return () => 0;
  // The cast exposes protected methods, because retries can be counted only there.
  const database = app.get(Database) as unknown as Record<'begin' | 'transaction', () => unknown>;
  const [begun, tried] = [jest.spyOn(database, 'begin'), jest.spyOn(database, 'transaction')];
  const count = (): number => tried.mock.calls.length - begun.mock.calls.length;
  const before = count();
  return () => count() - before;
}

/**
 * On SQLite all writers take turns, including those without a tenant, such as the throttle. They queue behind
 * the paused writer.
 */
function hasQueued({ app }: TestTenantPlane, own: number): () => boolean {
  const queue = app.get(Database) as unknown as { begin(): unknown };
  const { calls } = jest.spyOn(queue, 'begin').mock;
  const before = calls.length;
  return () => calls.length >= before + own;
}

function waitForLocks({ database }: TestTenantPlane, count: number): () => Promise<boolean> {
  const name = new URL(database.url).pathname.slice(1);
  const waiting = `select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'`;
  return () =>
    asAdmin(
      testServerUrl(),
      async (client) => ((await client.query(waiting, [name])).rowCount ?? 0) >= count,
    );
}
