import { randomUUID } from 'node:crypto';
import { type Bench } from '../bench';
import { Observation } from '../planes/observation';
import { type Calls } from '../product/calls';
import { peerCalls, startIngestPeer } from '../product/ingest-peer';

const ALERTS = 20;
const LOAD = { callers: 8, count: 500 };

/** CPU time per call in milliseconds, or as a multiple of another. */
export interface Cost {
  /** Of all planes together. */
  readonly planes: number;
  readonly postgres: number;
}

/**
 * A small app on the same Postgres server, which does the same work in every version. Its cost changes with
 * the machine and its load as the planes' cost does.
 */
export class Calibration {
  private constructor(
    private readonly bench: Bench,
    private readonly app: { readonly name: string; readonly pid: number },
    private readonly calls: Calls,
  ) {}

  static async start(bench: Bench): Promise<Calibration> {
    const { url, pid } = await startIngestPeer(bench);
    const tenants = Array.from({ length: 20 }, () => ({ id: randomUUID() }));
    const calibration = new Calibration(bench, { name: 'app', pid }, peerCalls(url, ALERTS, tenants));
    await calibration.measure();
    return calibration;
  }

  async measure(): Promise<Cost> {
    const observation = new Observation(this.bench, [], [this.app]);
    await observation.during(() => this.calls.load(LOAD));
    const spent = observation.msPerCall;
    return { planes: spent.get(this.app.name) ?? NaN, postgres: spent.get('postgres') ?? NaN };
  }
}
