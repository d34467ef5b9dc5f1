import { runInContext } from '@atlas/platform';
import {
  EVERY_DATABASE,
  FixedClock,
  type TestDatabase,
  createTestDatabase,
  eventually,
  setDatabaseTime,
} from '@atlas/testing';
import {
  type Database,
  type MigrationContext,
  PortableMigration,
  SignInThrottle,
  Throttle,
  ThrottleRow,
  createThrottles,
  databaseTarget,
  migrateFirst,
  openDatabase,
} from '../src';
import { clientNetwork } from '../src/throttle/client-network';

class CreateThrottles1700000000001 extends PortableMigration {
  protected apply({ sql, types }: MigrationContext): Promise<void> {
    return sql(...createThrottles(types));
  }
  protected revert({ sql }: MigrationContext): Promise<void> {
    return sql('drop table throttles');
  }
}
const SCHEMA = { entities: [ThrottleRow], migrations: [CreateThrottles1700000000001] };
const MINUTE = 60;
const LOCK_WAITS = `select 1 from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** Callers await `opened`, which resolves when the gate is opened. */
class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

describe.each(EVERY_DATABASE)('a throttle on %s', (driver) => {
  let test: TestDatabase;
  let options: Parameters<typeof openDatabase>[0];
  let database: Database;
  let clock: FixedClock;
  let throttle: Throttle;

  beforeAll(async () => {
    test = await createTestDatabase(driver);
    const { url, ownerUrl } = test;
    const migrationTarget = ownerUrl === undefined ? undefined : databaseTarget(ownerUrl);
    options = { target: databaseTarget(url), migrationTarget, schema: SCHEMA };
    await migrateFirst(options);
    database = await openDatabase(options);
  });
  beforeEach(() => {
    clock = new FixedClock();
    setDatabaseTime(database, clock);
    throttle = new Throttle(database, clock);
  });
  afterEach(() =>
    database.write((manager) => manager.createQueryBuilder().delete().from(ThrottleRow).execute()),
  );
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  const strict = { name: 'strict', limit: 3, windowSeconds: 15 * MINUTE, isStrict: true };
  const taken = async (n: number, allowance = strict, counted = ['a']): Promise<boolean[]> =>
    Promise.all(Array.from({ length: n }, () => throttle.isTaken(allowance, counted)));
  const isWaited = async (): Promise<boolean> =>
    (await database.read((manager) => manager.query<unknown[]>(LOCK_WAITS))).length > 0;
  const letThrough = async (...args: Parameters<typeof taken>): Promise<number> =>
    (await taken(...args)).filter(Boolean).length;

  it('allows exactly as many attempts as its limit, however many arrive at once', async () => {
    expect(await letThrough(20)).toBe(3);
    expect(await letThrough(20, strict, ['b'])).toBe(3);
    expect(await letThrough(20, { ...strict, name: 'other' })).toBe(3);
  });

  it('if strict, never lets more than the limit through in any window', async () => {
    expect(await letThrough(1)).toBe(1);
    clock.advance(14 * MINUTE);
    expect(await letThrough(5)).toBe(2);
    clock.advance(14 * MINUTE);
    expect(await letThrough(5)).toBe(0);
    clock.advance(MINUTE);
    expect(await letThrough(5)).toBe(3);
  });

  it('starts counting again one window after the first attempt, if not strict', async () => {
    const lax = { ...strict, name: 'lax', isStrict: false };
    expect(await letThrough(1, lax)).toBe(1);
    clock.advance(14 * MINUTE);
    expect(await letThrough(5, lax)).toBe(2);
    clock.advance(MINUTE);
    expect(await letThrough(5, lax)).toBe(3);
  });

  describe('that counts in blocks', () => {
    const inBlocks = { name: 'in blocks', limit: 6, windowSeconds: MINUTE, isStrict: false, block: 3 };
    const count = async (): Promise<number[]> =>
      (await database.read((manager) => manager.find(ThrottleRow))).map((row) => row.count);

    it('lets exactly its limit through, and counts only once for each block', async () => {
      for (const counted of [3, 3, 3, 6]) {
        expect(await throttle.isTaken(inBlocks, ['a'])).toBe(true);
        expect(await count()).toEqual([counted]);
      }
      expect(await letThrough(5, inBlocks)).toBe(2);
      clock.advance(MINUTE);
      const atOnce = await letThrough(20, inBlocks);
      expect(atOnce + (await letThrough(20, inBlocks))).toBe(6);
    });

    it('does not exceed its limit together with other processes', async () => {
      const others = [throttle, new Throttle(database, clock), new Throttle(database, clock)];
      const results: boolean[] = [];
      for (let round = 0; round < 4; round += 1)
        for (const other of others) results.push(await other.isTaken(inBlocks, ['a']));
      expect(results.filter(Boolean)).toHaveLength(6);
    });

    it('does not carry a block over to the next window', async () => {
      await throttle.take(inBlocks, ['a']);
      clock.advance(MINUTE);
      expect((await letThrough(20, inBlocks)) + (await letThrough(20, inBlocks))).toBe(6);
    });

    it('keeps no block of a transaction that is rolled back', async () => {
      const refused = database.write(async () => {
        await throttle.take(inBlocks, ['a']);
        throw new Error('refused');
      });
      await expect(refused).rejects.toThrow('refused');
      await throttle.take(inBlocks, ['a']);
      expect(await count()).toEqual([3]);
    });
  });

  it('says how long to wait, and does not count an attempt that is given back', async () => {
    await taken(3);
    clock.advance(5 * MINUTE);
    await expect(throttle.take(strict, ['a'])).rejects.toMatchObject({
      code: 'too_many_attempts',
      kind: 'too_many',
      headers: { 'retry-after': '600' },
    });
    clock.advance(10 * MINUTE);
    await taken(3);
    await throttle.giveBack(strict, ['a']);
    expect(await letThrough(5)).toBe(1);
  });

  it.each([true, false])(
    'never demands a wait longer than the window, even if the clock was set back (strict: %s)',
    async (isStrict) => {
      const allowance = { ...strict, isStrict };
      expect(await letThrough(5, allowance)).toBe(3);
      clock.jump(-60 * MINUTE);
      await expect(throttle.take(allowance, ['a'])).rejects.toMatchObject({
        headers: { 'retry-after': '900' },
      });
      clock.advance(15 * MINUTE - 1);
      expect(await letThrough(5, allowance)).toBe(0);
      clock.advance(1);
      expect(await letThrough(5, allowance)).toBe(3);
    },
  );

  it("uses the database's own clock", async () => {
    const untold = await openDatabase(options);
    try {
      throttle = new Throttle(untold, clock);
      expect(await letThrough(5)).toBe(3);
      await throttle.sweep();
      const refusal = await throttle.take(strict, ['a']).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        headers: { 'retry-after': expect.stringMatching(/^(900|8[0-9]{2})$/) },
      });
      const overAtOnce = { ...strict, name: 'over at once', windowSeconds: -1 };
      expect(await letThrough(5, overAtOnce)).toBe(5);
      await throttle.sweep();
      expect(await untold.read((manager) => manager.count(ThrottleRow))).toBe(1);
    } finally {
      await untold.close();
    }
  });

  it('deletes expired rows, and stores only hashes of names', async () => {
    await taken(1, strict, ['ann@example.com']);
    clock.advance(10 * MINUTE);
    await taken(1, strict, ['bob@example.com']);
    clock.advance(6 * MINUTE);
    await throttle.sweep();
    const rows = await database.read((manager) => manager.find(ThrottleRow));
    expect(rows.map(({ key }) => key)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  // SQLite serialises writers.
  (driver === 'postgres' ? it : it.skip)(
    'neither deletes nor waits for a row that is being counted',
    async () => {
      for (const name of ['a', 'b']) await taken(1, strict, [name]);
      clock.advance(16 * MINUTE);
      const [counted, free] = [new Gate(), new Gate()];
      const counting = database.write(async () => {
        await throttle.take(strict, ['a']);
        counted.open();
        await free.opened;
      });
      await counted.opened;
      let isSwept = false;
      const sweeping = throttle.sweep().then(() => (isSwept = true));
      await eventually(async () => isSwept || (await isWaited()), { everyMs: 5 });
      const hasWaited = !isSwept;
      free.open();
      await Promise.all([counting, sweeping]);
      expect(hasWaited).toBe(false);
      expect(await database.read((manager) => manager.count(ThrottleRow))).toBe(1);
    },
  );

  describe('when used for sign-ins', () => {
    const from = <T>(ip: string, work: () => Promise<T>): Promise<T> =>
      runInContext({ traceId: 't', ip }, work);
    const tries = async (
      n: number,
      ip: string,
      account: string,
      deviceHash: string | null = null,
    ): Promise<number> => {
      const throttled = new SignInThrottle(throttle);
      let through = 0;
      for (let i = 0; i < n; i += 1)
        await from(ip, () => throttled.take({ account: [account], deviceHash })).then(
          () => (through += 1),
          () => undefined,
        );
      return through;
    };

    it('counts attempts on an account across addresses, but counts known devices separately', async () => {
      expect(await tries(8, '192.0.2.1', 'ann')).toBe(8);
      expect(await tries(8, '192.0.2.2', 'ann')).toBe(2);
      expect(await tries(12, '192.0.2.1', 'ann', 'her laptop')).toBe(10);
      expect(await tries(1, '192.0.2.1', 'ann', 'her phone')).toBe(1);
    });

    it('counts attempts from an address across accounts, except attempts by known devices', async () => {
      let through = 0;
      for (let i = 0; i < 15; i += 1) through += await tries(8, '192.0.2.9', `user ${i}`);
      expect(through).toBe(100);
      expect(await tries(1, '192.0.2.9', 'ann', 'her laptop')).toBe(1);
      expect(await tries(1, '192.0.2.10', 'ann')).toBe(1);
    });
  });
});

describe('a client', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0001::9', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('at %s is counted as %s', (address, network) => expect(clientNetwork(address)).toBe(network));
});
