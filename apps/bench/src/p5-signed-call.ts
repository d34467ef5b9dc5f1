import { type DatabaseDriver, type PlaneProcess } from '@atlas/testing';
import { type Bench } from './bench';
import { type KeepAliveConnection, withConnections } from './http/keep-alive-connection';
import { httpMessage, requireStatus } from './http/message';
import { atLeast, type Goal, type Line } from './line';
import { interleave } from './load/interleave';
import { type Load, type LoadResult, describeLoad, runLoad } from './load/run-load';
import { medianRatio } from './load/statistics';
import { startControlPlane } from './planes/control-plane';
import { Observation } from './planes/observation';
import { SimulatedPlane } from './signed/simulated-plane';

const CALLERS = 32;

export const P5_SIGNED_CALL: Line = {
  name: 'P5',
  title: 'an empty signed call, 32 callers: share of the same call unsigned',
  measure: async (bench) => [await measureOn(bench, 'postgres', 0.5), await measureOn(bench, 'sqlite', 0.7)],
};

async function measureOn(bench: Bench, driver: DatabaseDriver, target: number): Promise<Goal> {
  const calls = await EmptyCalls.start(bench, driver);
  const load = { callers: CALLERS, count: bench.size(6000, 2000) };
  const alone = { callers: 1, count: bench.size(1000, 300) };
  await calls.signed(load);
  await calls.unsigned(load);
  const observed = [
    new Observation(bench, [calls.controlPlane]),
    new Observation(bench, [calls.controlPlane]),
  ] as const;
  const rounds = await interleave(bench.size(7, 3), {
    signed: () => observed[0].during(() => calls.signed(load)),
    unsigned: () => observed[1].during(() => calls.unsigned(load)),
    signedAlone: () => calls.signed(alone),
    unsignedAlone: () => calls.unsigned(alone),
  });
  const ratio = (one: readonly LoadResult[], other: readonly LoadResult[]): number =>
    medianRatio(
      one.map((result) => result.perSecond),
      other.map((result) => result.perSecond),
    );
  for (const [side, results] of Object.entries(rounds))
    bench.fact(`${driver}, ${NAMES[side] ?? side}`, results.map(describeLoad).join(' | '));
  bench.fact(`${driver}, ratio with 1 caller`, ratio(rounds.signedAlone, rounds.unsignedAlone).toFixed(2));
  observed[0].tell(`${driver}, signed`);
  observed[1].tell(`${driver}, unsigned`);
  return atLeast(`ratio on ${driver}`, ratio(rounds.signed, rounds.unsigned), target);
}

const NAMES: Readonly<Record<string, string>> = {
  signed: 'signed, 32 callers',
  unsigned: 'unsigned, 32 callers',
  signedAlone: 'signed, 1 caller',
  unsignedAlone: 'unsigned, 1 caller',
};

/** Two calls of one Control Plane that do nothing; one has to be signed. */
class EmptyCalls {
  private constructor(
    readonly controlPlane: PlaneProcess,
    private readonly plane: SimulatedPlane,
  ) {}

  static async start(bench: Bench, driver: DatabaseDriver): Promise<EmptyCalls> {
    const database = await bench.createDatabase(driver);
    const stack = await startControlPlane(bench, database, ['empty-routes']);
    return new EmptyCalls(stack.controlPlane, await SimulatedPlane.enrol(stack, 1));
  }

  /** Signed before the clock starts: what the caller's signing costs is not measured. */
  signed(load: Load): Promise<LoadResult> {
    const messages = Array.from({ length: load.count }, () => this.plane.message('GET', '/api/bench/signed'));
    return this.send(load, messages);
  }

  unsigned(load: Load): Promise<LoadResult> {
    const url = new URL('/api/bench/unsigned', this.controlPlane.url);
    const message = httpMessage({ method: 'GET', url });
    return this.send(load, Array<string>(load.count).fill(message));
  }

  private send(load: Load, messages: readonly string[]): Promise<LoadResult> {
    return withConnections(this.controlPlane.url, load.callers, (connections) =>
      runLoad(load, async (caller, n) => {
        const connection = connections[caller] as KeepAliveConnection;
        requireStatus(await connection.send(messages[n] as string), 204);
      }),
    );
  }
}
