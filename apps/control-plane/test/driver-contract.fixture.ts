import { setImmediate as nextTurn } from 'node:timers/promises';
import { LeaseLost } from '@atlas/jobs';
import { uuidv7 } from '@atlas/tenancy';
import { type DatabaseDriver } from '@atlas/testing';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type DriverName } from '../src/config/control-plane.config';
import {
  type FencedWrite,
  type FoundThing,
  type Infrastructure,
  type InfrastructureDriver,
  type InfrastructurePart,
  type InfrastructureSubject,
} from '../src/infrastructure/drivers/infrastructure-driver';
import { infrastructureName } from '../src/infrastructure/drivers/infrastructure-name';
import { Gate } from './held-operator.fixture';

jest.setTimeout(60_000);

/** A driver and the environment that it works in. */
export interface DriverScene {
  readonly driver: InfrastructureDriver;
  readonly write: FencedWrite;
  /** The kind of database that the tenants in this scene have. The default is Postgres. */
  readonly database?: DatabaseDriver;
  /** The id of a tenant plane that exists in the Control Plane. By default, a random id is used. */
  newPlaneId?(): Promise<string>;
  /** Finds what exists for the subject, without using the driver. */
  existing(subject: InfrastructureSubject): Promise<readonly string[]>;
  /** The parts that only the tenant plane creates, once its process is running. */
  readonly later?: readonly InfrastructurePart[];
  /** What other users of the machine can read while the driver works, such as command lines. */
  exposed?(): string;
  /** Whether a worker is waiting for another worker's operation on the subject to finish. */
  isWaiting?(subject: InfrastructureSubject): Promise<boolean>;
  close(): Promise<void>;
}

const SECRETS = {
  INTERNAL_SERVICE_SECRET: 'ats_contract_secret',
  ATLAS_PROVISIONING_TOKEN: 'atp_contract_token',
};
/** For drivers whose work never queries the database. */
export const withoutDatabase: FencedWrite = (work) =>
  work(new DataSource({ type: 'sqlite', database: ':memory:' }).manager);

class Died extends Error {}

/** The contract tests for InfrastructureDriver. Each driver's own test calls this. */
export function describeDriver(name: DriverName, open: () => Promise<DriverScene>): void {
  describe(`the infrastructure driver ${name}`, () => {
    let scene: DriverScene;
    let driver: InfrastructureDriver;
    /** Everything that the driver has logged, thrown or returned in plans. */
    let told: string[];
    /** Database URLs, which contain passwords. */
    let urls: string[];

    beforeAll(async () => {
      [told, urls] = [[], []];
      scene = await open();
      ({ driver } = scene);
      const note = (...given: unknown[]): void => void told.push(JSON.stringify(given));
      Logger.overrideLogger({ log: note, warn: note, error: note, debug: note, verbose: note, fatal: note });
    });
    afterAll(async () => {
      Logger.overrideLogger(false);
      await scene.close();
    });

    const newSubject = async (): Promise<InfrastructureSubject> => {
      const { database = 'postgres' } = scene;
      const tenantPlaneId = (await scene.newPlaneId?.()) ?? uuidv7();
      return {
        tenantId: uuidv7(),
        slug: 'contract',
        tenantPlaneId,
        deploymentModel: 'dedicated',
        region: null,
        database,
        version: '0.1.0',
      };
    };
    const noted = <T>(work: Promise<T>): Promise<T> =>
      work.catch((error: Error) => {
        told.push(`${error.stack} ${JSON.stringify(error)}`);
        throw error;
      });
    const create = async (subject: InfrastructureSubject, write = scene.write) => {
      const request = { ...subject, openEnvironment: async () => SECRETS };
      const made = await noted(driver.create(request, write));
      if (made) urls.push(made.dbUrl.reveal());
      return made && plainly(made);
    };
    const destroy = (subject: InfrastructureSubject, write = scene.write) =>
      noted(driver.destroy(subject, write));
    /** Destroys and then forgets the subject, as the Control Plane does when it removes a plane. */
    const remove = async (subject: InfrastructureSubject): Promise<void> => {
      await destroy(subject);
      await driver.forget(subject);
    };
    const listed = async (subject: InfrastructureSubject): Promise<FoundThing[]> => {
      const things: FoundThing[] = [];
      for await (const page of driver.things()) things.push(...page);
      return things.filter((thing) => thing.name === infrastructureName(subject));
    };
    const nothingIsLeft = async (subject: InfrastructureSubject): Promise<void> => {
      expect(await scene.existing(subject)).toEqual([]);
      expect(await listed(subject)).toEqual([]);
    };

    /** Expects infrastructure to exist, unless a person has to create it (`made` is null). */
    const exists = async (subject: InfrastructureSubject, made: object | null): Promise<void> =>
      expect((await scene.existing(subject)).length > 0).toBe(made !== null);

    /** How many times `work` writes. */
    const writesOf = async (work: (write: FencedWrite) => Promise<unknown>): Promise<number> => {
      let writes = 0;
      await work((change) => {
        writes += 1;
        return scene.write(change);
      });
      return writes;
    };

    /**
     * For each write in turn, runs the work twice: the worker dies just before the commit in one run, and
     * just after it in the other.
     */
    const dyingAtEachWrite = async (
      begin: (subject: InfrastructureSubject) => Promise<unknown>,
      work: (subject: InfrastructureSubject, write: FencedWrite) => Promise<unknown>,
      check: (subject: InfrastructureSubject) => Promise<void>,
    ): Promise<void> => {
      const first = await newSubject();
      await begin(first);
      const last = await writesOf((write) => work(first, write));
      for (let nth = 1; nth <= last; nth += 1)
        for (const isCommitted of [false, true]) {
          const subject = await newSubject();
          await begin(subject);
          let writes = 0;
          const dying: FencedWrite = async (change) => {
            writes += 1;
            if (writes < nth) return scene.write(change);
            if (writes === nth && isCommitted) await scene.write(change);
            throw new Died();
          };
          await expect(work(subject, dying)).rejects.toThrow(Died);
          await check(subject);
        }
    };

    /** Lets another worker take over a creation before its first write, and after each write in turn. */
    const overtakingAtEachWrite = async <T>(
      takeOver: (subject: InfrastructureSubject) => Promise<T>,
      check: (subject: InfrastructureSubject, result: T) => Promise<void>,
    ): Promise<void> => {
      const first = await newSubject();
      const last = await writesOf((write) => create(first, write));
      for (let nth = 0; nth <= last; nth += 1) {
        const subject = await newSubject();
        const [held, free] = [new Gate(), new Gate()];
        const hold = async (): Promise<void> => {
          held.open();
          await free.opened;
        };
        let writes = 0;
        const overtaken: FencedWrite = async (change) => {
          if (nth === 0) await hold();
          writes += 1;
          if (writes > nth) throw new LeaseLost();
          const result = await scene.write(change);
          if (writes === nth) await hold();
          return result;
        };
        const late = create(subject, overtaken).catch((error: Error) => error);
        await Promise.race([held.opened, late]);
        const successor = takeOver(subject);
        await endsOrWaits(subject, successor);
        free.open();
        if (nth < last) expect(await late).toBeInstanceOf(LeaseLost);
        await late;
        await check(subject, await successor);
      }
    };
    const endsOrWaits = async (subject: InfrastructureSubject, work: Promise<unknown>): Promise<void> => {
      let hasEnded = false;
      const ending = work.finally(() => (hasEnded = true));
      if (!scene.isWaiting) await ending;
      while (!hasEnded && !(await scene.isWaiting?.(subject))) await nextTurn();
    };

    it('has the expected name', () => {
      expect(driver.name).toBe(name);
    });

    it('describes what it would create, without creating anything', async () => {
      const subject = await newSubject();
      const plan = await driver.plan(subject);
      told.push(...plan);
      expect(plan.length).toBeGreaterThan(0);
      expect(plan.join('\n')).toMatch(/\w{4}/);
      await nothingIsLeft(subject);
    });

    it('creates nothing new when called again, and keeps the infrastructure of planes separate', async () => {
      const [one, other] = [await newSubject(), await newSubject()];
      const made = await create(one);
      expect(await create(one)).toEqual(made);
      await driver.requireTracked(one);
      const second = await create(other);
      if (made) expect(second?.dbUrl).not.toBe(made.dbUrl);
      await remove(one);
      await nothingIsLeft(one);
      await exists(other, second);
    });

    it('resumes a creation whose worker died', () =>
      dyingAtEachWrite(nothing, create, async (subject) => exists(subject, await create(subject))));

    it('removes what a worker had created before it died', () =>
      dyingAtEachWrite(nothing, create, async (subject) => {
        await remove(subject);
        await nothingIsLeft(subject);
      }));

    it('resumes a removal whose worker died', () =>
      dyingAtEachWrite(create, destroy, async (subject) => {
        await remove(subject);
        await nothingIsLeft(subject);
      }));

    it('does nothing if there is nothing to remove, and can create again after two removals', async () => {
      const subject = await newSubject();
      await remove(subject);
      await create(subject);
      await destroy(subject);
      await remove(subject);
      await nothingIsLeft(subject);
      await exists(subject, await create(subject));
    });

    it('changes nothing once another worker has created the infrastructure', () =>
      overtakingAtEachWrite(create, async (subject, made) => {
        await exists(subject, made);
        expect(await create(subject)).toEqual(made);
      }));

    it('creates nothing once another worker has removed the infrastructure', () =>
      overtakingAtEachWrite(remove, nothingIsLeft));

    it('creates and removes nothing unless its first write commits', async () => {
      const [made, missing] = [await newSubject(), await newSubject()];
      if ((await create(made)) === null) return;
      const existing = await scene.existing(made);
      const overtaken: FencedWrite = () => Promise.reject(new LeaseLost());
      await expect(create(missing, overtaken)).rejects.toThrow(LeaseLost);
      await expect(destroy(made, overtaken)).rejects.toThrow(LeaseLost);
      expect(await scene.existing(missing)).toEqual([]);
      // More may have appeared, because some of it appears only after the creation.
      expect(await scene.existing(made)).toEqual(expect.arrayContaining(existing));
    });

    it('reports faults only for missing infrastructure, if it supports inspection', async () => {
      const [made, missing] = [await newSubject(), await newSubject()];
      const later: readonly string[] = scene.later ?? [];
      const isMade = (await create(made)) !== null;
      const found = await driver.inspect([made, missing]);
      const faultsOf = ({ tenantPlaneId: id }: InfrastructureSubject) =>
        found
          .filter(({ tenantPlaneId }) => tenantPlaneId === id)
          .flatMap(({ faults }) => Object.keys(faults));
      expect(faultsOf(made).filter((part) => !later.includes(part))).toEqual([]);
      expect(faultsOf(missing)).toHaveLength(found.length > 0 ? 1 : 0);
      const ids = (await listed(made)).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      if (!isMade) expect(ids).toEqual([]);
    });

    it('reveals no secret in logs, errors, plans or command lines', () => {
      const passwords = urls.flatMap((url) => /:\/\/[^:]*:([^@]+)@/.exec(url)?.[1] ?? []);
      const all = [...told, scene.exposed?.() ?? ''].join('\n');
      for (const secret of [...Object.values(SECRETS), ...passwords]) expect(all).not.toContain(secret);
    });
  });
}

const nothing = (): Promise<void> => Promise.resolve();
const plainly = ({ endpointUrl, dbUrl }: Infrastructure) => ({ endpointUrl, dbUrl: dbUrl.reveal() });
