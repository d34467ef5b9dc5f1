import { setTimeout as delay } from 'node:timers/promises';
import { type TestDatabase, asAdmin, builtFile } from '@atlas/testing';
import { type Bench } from './bench';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { median, medianRatio } from './load/statistics';
import { startControlPlane } from './planes/control-plane';
import { StartedProcess } from './start/started-process';
import { atMost, type Goal } from './goal';

/** How long a process has to finish its start-up work and become idle. */
const SETTLE_MS = 5000;

interface Figures {
  readonly readyMs: number;
  readonly megabytes: number;
}

export const P9_START: Line = {
  name: 'P9',
  title: 'start-up time and idle memory of a tenant plane: multiple of an empty Nest app with TypeORM',
  measure: measureStart,
};

async function measureStart(bench: Bench): Promise<readonly Goal[]> {
  const sides = { empty: await emptyApp(bench), plane: await tenantPlane(bench) };
  for (const start of Object.values(sides)) await start(0);
  const rounds = await interleave(bench.size(9, 3), {
    empty: () => sides.empty(SETTLE_MS),
    plane: () => sides.plane(SETTLE_MS),
  });
  for (const [name, figures] of Object.entries(rounds)) bench.fact(name, describe(figures));
  const ratioOf = (figure: keyof Figures): number =>
    medianRatio(
      rounds.plane.map((round) => round[figure]),
      rounds.empty.map((round) => round[figure]),
    );
  return [atMost('start ratio', ratioOf('readyMs'), 2), atMost('memory ratio', ratioOf('megabytes'), 1.5)];
}

type Start = (settleMs: number) => Promise<Figures>;

async function emptyApp(bench: Bench): Promise<Start> {
  const { url, ownerUrl = url } = await bench.createDatabase();
  await asAdmin(ownerUrl, (owner) =>
    owner.query('create table things (id uuid primary key, name varchar not null)'),
  );
  return starting(bench, builtFile('bench', 'empty-app/empty-app.js'), { DATABASE_URL: ownerUrl });
}

/** Returns a function that starts an enrolled plane, which is linked to a Control Plane. */
async function tenantPlane(bench: Bench): Promise<Start> {
  const stack = await startControlPlane(bench, await bench.createDatabase());
  const cell = await stack.registerCell();
  const database = await bench.createDatabase();
  const enrolled = await stack.startTenantPlane(cell.install, database);
  await stack.awaitEnrolled(cell.id);
  await stack.endTenantPlane(enrolled);
  return starting(bench, builtFile('tenant-plane', 'main.js'), {
    ...cell.install.env,
    ...variables(database),
  });
}

function variables({ url, ownerUrl = url }: TestDatabase): Readonly<Record<string, string>> {
  return { TENANT_PLANE_DATABASE_URL: url, TENANT_PLANE_MIGRATION_DATABASE_URL: ownerUrl };
}

function starting(bench: Bench, file: string, env: Readonly<Record<string, string>>): Start {
  return async (settleMs) => {
    const started = await StartedProcess.start(file, env);
    bench.defer(() => started.end());
    await delay(settleMs);
    const figures = { readyMs: started.readyMs, megabytes: started.residentBytes / 1_048_576 };
    await started.end();
    return figures;
  };
}

function describe(figures: readonly Figures[]): string {
  const [readyMs, megabytes] = [
    figures.map((round) => round.readyMs),
    figures.map((round) => round.megabytes),
  ];
  return (
    `ready in ${median(readyMs).toFixed(0)} ms (${Math.min(...readyMs).toFixed(0)} to ` +
    `${Math.max(...readyMs).toFixed(0)}), ${median(megabytes).toFixed(0)} MiB idle`
  );
}
