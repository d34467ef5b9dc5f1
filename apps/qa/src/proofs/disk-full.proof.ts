import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type LocalPostgres,
  type PlaneName,
  type TestDatabase,
  asAdmin,
  canLimitFileSize,
  createPostgres,
  createRoles,
  eventually,
  startCommitCutter,
  startLocalPostgres,
  testServerUrl,
} from '@atlas/testing';
import { type CallCounts, EveryCall } from '../disk/every-call';
import { DiskScene } from '../disk/disk-scene';
import { type Fault, cutCommits, failCommits, failingDisk, fullDisk } from '../disk/faults';
import { SmallDisk } from '../disk/small-disk';
import { Writers, isSuccess } from '../disk/writers';
import { type Figure, measured, moreThan, none, tallyOf } from '../figures';
import { type Proof, type ProofContext } from '../proof';
import { reasonsNotToWrite } from '../writing/refused-calls';

const PLANES: readonly PlaneName[] = ['control-plane', 'tenant-plane'];
/** Each phase of a round waits for this many responses from each plane. */
const ANSWERS = 3;
const ROUNDS = 20;

interface Counts {
  readonly fault: string;
  readonly lost: number;
  readonly doubled: number;
  /** How many writes are still missing although their requests were repeated with their keys. */
  readonly missing: number;
  /** Phases that should have happened but did not, such as refusals or readiness turning red or green. */
  readonly stuck: readonly string[];
  readonly statuses: Readonly<Record<string, number>>;
}

/**
 * Both planes write while their disk is full or failing, or while COMMITs fail. Then they are killed.
 *
 * Six callers write to both planes. Every second request has an idempotency key and is repeated until it
 * succeeds. If the fault concerns all tables, each route of the Tenant Plane that writes is called, too: once
 * without a fault, and for another tenant during the fault and again after it. The rows that it leaves must
 * be none after a refusal, and otherwise as many as without the fault.
 *
 * On SQLite, the 256 MB file system of both databases is filled to its last page, and each process is
 * prevented from writing to any file (`prlimit --fsize=0`). SQLite reports such a failure as SQLITE_IOERR. On
 * Postgres, a proxy closes connections before and after the server commits, a deferred trigger refuses COMMIT
 * with the SQLSTATE of a full disk or of a failing one, and the disk of a separate server is filled. Mounting
 * requires root, and `prlimit` requires Linux. One figure lists the faults that could not be tried. At the
 * reduced size, there is one round of the first fault, without a separate server.
 *
 * To see it fail: in `SqliteWriter.commit` or `PostgresDatabase.commit`, swallow the error; have
 * `Database.watched` record no fault; or run the work of `UserWrites.by` after the transaction.
 */
export const proof: Proof = {
  goal:
    `a full disk, a failing disk, a COMMIT that fails or loses its connection, ${ROUNDS} rounds each ` +
    'on both planes: every write acknowledged with a status below 300 survives kill -9, ' +
    'readiness turns red and green by itself, and each route that writes does nothing or all',
  databases: ['sqlite', 'postgres'],
  async run(context) {
    const all = context.driver === 'sqlite' ? await onSqlite(context) : await onPostgres(context);
    const sum = (of: 'lost' | 'doubled' | 'missing'): number =>
      all.counts.reduce((total, one) => total + one[of], 0);
    const answered500 = all.counts.reduce((total, { statuses }) => total + (statuses['500'] ?? 0), 0);
    return [
      measured('faults', all.names.join(', ')),
      none('acknowledged writes lost', sum('lost')),
      none('duplicated writes', sum('doubled')),
      none('writes missing despite repeated requests', sum('missing')),
      none('500 responses', answered500),
      none(
        'phases that did not happen',
        all.counts.flatMap((one) => one.stuck),
      ),
      ...figuresOfCalls(all.calls),
      measured('not run here', all.notRun.join(', ') || 'none'),
      measured('responses', all.counts.map((one) => tallyOf(one.statuses)).join('; ')),
    ];
  },
};

/** The reduced size has no such fault on Postgres. */
function figuresOfCalls(calls: readonly CallCounts[]): Figure[] {
  if (calls.length === 0) return [];
  const refused = calls.reduce((sum, one) => sum + one.refused, 0);
  const wrong = calls.flatMap((one) => one.wrong);
  return [
    measured('routes of the Tenant Plane that write', calls[0]?.routes ?? 0),
    moreThan('calls of these routes that were refused', refused, 0),
    none('calls of these routes with a wrong outcome', wrong),
    measured('routes that cannot write here', reasonsNotToWrite().join('; ')),
  ];
}

interface Outcome {
  readonly names: readonly string[];
  readonly counts: readonly Counts[];
  /** The calls of every route, for each fault that concerns all tables. */
  readonly calls: readonly CallCounts[];
  readonly notRun: readonly string[];
}

async function onSqlite(context: ProofContext): Promise<Outcome> {
  const disk = SmallDisk.mount(256);
  const databases = disk
    ? (['control-plane', 'tenant-plane'] as const).map((name) => sqliteIn(join(disk.folder, name)))
    : [await context.database(), await context.database()];
  const [controlPlane, plane] = databases as [TestDatabase, TestDatabase];
  const scene = await DiskScene.start(controlPlane, plane);
  try {
    const faults = [...(disk ? [fullDisk(disk)] : []), ...(canLimitFileSize() ? [failingDisk(scene)] : [])];
    const notRun = [
      ...(disk ? [] : ['full disk (mounting is not permitted)']),
      ...(canLimitFileSize() ? [] : ['failing disk (no prlimit)']),
    ];
    return { ...(await undergo(scene, faults, context)), notRun };
  } finally {
    await scene.stop();
    disk?.unmount();
  }
}

async function onPostgres(context: ProofContext): Promise<Outcome> {
  const outcomes = [await onFailingCommits(context)];
  // Starting a separate server takes too long for the reduced size.
  const disk = context.size === 'full' ? SmallDisk.mount(240) : null;
  if (disk) outcomes.push(await onFullPostgres(disk, context));
  return {
    names: outcomes.flatMap(({ names }) => names),
    counts: outcomes.flatMap(({ counts }) => counts),
    calls: outcomes.flatMap(({ calls }) => calls),
    notRun: context.size === 'full' && !disk ? ['full disk (mounting is not permitted)'] : [],
  };
}

async function onFailingCommits(context: ProofContext): Promise<Omit<Outcome, 'notRun'>> {
  const cutter = await startCommitCutter(testServerUrl());
  const databases = [await context.database(), await context.database()] as const;
  const scene = await DiskScene.start(
    ...mapBoth(databases, ({ url, ...rest }) => ({ ...rest, url: cutter.through(url) })),
  );
  try {
    const server = { databases, adminUrl: testServerUrl() };
    const faults = [
      cutCommits(cutter),
      await failCommits(server, 'COMMIT refused: disk full', '53100'),
      await failCommits(server, 'COMMIT refused: I/O error', '58030'),
    ];
    return await undergo(scene, faults, context);
  } finally {
    await scene.stop();
    await cutter.close();
  }
}

/**
 * The server may exit if it cannot write its log. If so, it is restarted once there is space, as its operator
 * would do.
 */
async function onFullPostgres(disk: SmallDisk, context: ProofContext): Promise<Omit<Outcome, 'notRun'>> {
  const dataDir = join(disk.folder, 'data');
  let server: LocalPostgres = await startLocalPostgres({ dataDir });
  const { adminUrl, port } = server;
  await createRoles(adminUrl);
  const databases = [await createPostgres(adminUrl), await createPostgres(adminUrl)] as const;
  const scene = await DiskScene.start(...databases);
  const isServing = (): Promise<boolean> =>
    asAdmin(adminUrl, (client) => client.query('select 1')).then(
      () => true,
      () => false,
    );
  const whenFreed = async (): Promise<void> => {
    const isBack = eventually(isServing, { timeoutMs: 10_000, what: 'Postgres is up again' });
    await isBack.catch(async () => void (server = await startLocalPostgres({ dataDir, port })));
  };
  try {
    return await undergo(scene, [fullDisk(disk, whenFreed)], context, adminUrl);
  } finally {
    await scene.stop();
    await server.stop();
    disk.unmount();
  }
}

async function undergo(
  scene: DiskScene,
  faults: readonly Fault[],
  context: ProofContext,
  adminUrl?: string,
): Promise<Omit<Outcome, 'notRun'>> {
  const counts: Counts[] = [];
  const calls: CallCounts[] = [];
  const isFull = context.size === 'full';
  // At the reduced size, only the first fault is tried.
  for (const fault of isFull ? faults : faults.slice(0, 1)) {
    if (fault.isOfAllTables) {
      const found = await EveryCall.during(fault, scene, { restarts: isFull, adminUrl });
      context.progress([`${fault.name}: ${found.refused} calls refused`, ...found.wrong].join('\n    '));
      calls.push(found);
    }
    counts.push(await rounds(scene, fault, context));
  }
  return { names: counts.map(({ fault }) => fault), counts, calls };
}

async function rounds(scene: DiskScene, fault: Fault, { size, progress }: ProofContext): Promise<Counts> {
  const count = size === 'full' ? ROUNDS : 1;
  const writers = new Writers(scene, fault.series);
  const stuck: string[] = [];
  for (let round = 1; round <= count; round += 1) {
    stuck.push(...(await oneRound(scene, fault, writers)));
    progress(`${fault.name}, round ${round} of ${count}: ${JSON.stringify(writers.statuses)}`);
    await scene.restart();
  }
  await writers.finish();
  // A job whose COMMIT was lost continues only after its lease has expired. Waiting for this takes too long
  // for the reduced size.
  if (size === 'full' && !(await becomeActive(scene))) stuck.push('some tenants never became active');
  return {
    ...(await compare(scene, writers)),
    fault: fault.name,
    stuck: stuck.map((phase) => `${fault.name}: ${phase}`),
    statuses: writers.statuses,
  };
}

async function becomeActive(scene: DiskScene): Promise<boolean> {
  const areActive = async (): Promise<boolean> => (await scene.unfinished()) === 0;
  const waited = eventually(areActive, { timeoutMs: 60_000, what: 'every tenant is active', everyMs: 200 });
  return waited.catch(() => false);
}

/** Returns the phases that did not happen. */
async function oneRound(scene: DiskScene, fault: Fault, writers: Writers): Promise<string[]> {
  const stuck: string[] = [];
  const until = (what: string, isSo: () => boolean | Promise<boolean>): Promise<unknown> =>
    eventually(isSo, { timeoutMs: 30_000, what }).catch(() => stuck.push(what));
  const more = (count: (plane: PlaneName) => number): (() => boolean) => {
    const before = PLANES.map(count);
    return () => PLANES.every((plane, index) => count(plane) >= (before[index] ?? 0) + ANSWERS);
  };
  const readiness =
    (status: number): (() => Promise<boolean>) =>
    async () =>
      (await scene.readiness()).every((one) => one === status);
  await until(
    'no writes before the fault',
    more((plane) => writers.acknowledged(plane)),
  );
  const areRefused = more((plane) => writers.refused(plane));
  await fault.begin();
  await until('no writes refused', areRefused);
  if (fault.turnsRed) await until('readiness did not turn red', readiness(503));
  await fault.end();
  await until('readiness did not turn green again', readiness(200));
  await until(
    'no writes after the fault',
    more((plane) => writers.acknowledged(plane)),
  );
  return stuck;
}

async function compare(
  scene: DiskScene,
  writers: Writers,
): Promise<Pick<Counts, 'lost' | 'doubled' | 'missing'>> {
  let [lost, doubled, missing] = [0, 0, 0];
  for (const plane of PLANES) {
    const there = (await scene.written(plane)).filter((name) => name.startsWith(`${writers.series}-`));
    const names = new Set(there);
    doubled += there.length - names.size;
    const asked = writers.attempts.filter((attempt) => attempt.plane === plane);
    lost += new Set(asked.filter((one) => isSuccess(one) && !names.has(one.name)).map(({ name }) => name))
      .size;
    missing += writers.keyedNames(plane).filter((name) => !names.has(name)).length;
  }
  return { lost, doubled, missing };
}

function sqliteIn(folder: string): TestDatabase {
  mkdirSync(folder);
  return { driver: 'sqlite', url: join(folder, 'plane.db'), drop: async () => undefined };
}

function mapBoth<T, U>([one, other]: readonly [T, T], to: (each: T) => U): [U, U] {
  return [to(one), to(other)];
}
