import {
  type Held,
  MemoryReports,
  type PlaneProcess,
  type TestDatabase,
  asAdmin,
  testServerUrl,
} from '@atlas/testing';

interface Sample extends Held {
  readonly atMinutes: number;
  readonly connections: number;
}

export interface PlaneTrend {
  readonly name: string;
  readonly mebibytesAMinute: number;
  /** Resident memory, and memory used by objects and buffers. */
  readonly mebibytes: { readonly resident: number; readonly used: number };
  readonly handlesGrownBy: number;
  readonly mostConnections: number;
}

/** Samples the resources that a plane uses, each time after a garbage collection. */
export class PlaneWatch {
  private readonly reports: MemoryReports;
  private readonly samples: Sample[] = [];

  constructor(
    private readonly plane: PlaneProcess,
    private readonly database: TestDatabase,
  ) {
    this.reports = new MemoryReports(plane);
  }

  async sample(): Promise<void> {
    const [held, connections] = [await this.reports.next(), await this.connections()];
    this.samples.push({ ...held, connections, atMinutes: performance.now() / 60_000 });
  }

  /** The trend across all samples. */
  trend(): PlaneTrend {
    const fifth = Math.ceil(this.samples.length / 5);
    const last = this.samples.at(-1);
    const handles = this.samples.map((sample) => sample.handles);
    return {
      name: this.plane.name,
      mebibytesAMinute: slope(this.samples.map(({ atMinutes, rss }) => [atMinutes, mebibytesOf(rss)])),
      mebibytes: { resident: mebibytesOf(last?.rss), used: mebibytesOf(last?.used) },
      handlesGrownBy: middle(handles.slice(-fifth)) - middle(handles.slice(0, fifth)),
      mostConnections: Math.max(...this.samples.map((sample) => sample.connections)),
    };
  }

  /** Connections from this plane to its server; SQLite has none. */
  private async connections(): Promise<number> {
    if (this.database.driver === 'sqlite') return 0;
    const name = new URL(this.database.url).pathname.slice(1);
    const sql = 'select count(*)::int as count from pg_stat_activity where datname = $1';
    const { rows } = await asAdmin(testServerUrl(), (admin) => admin.query<{ count: number }>(sql, [name]));
    return rows[0]?.count ?? NaN;
  }
}

/**
 * The median slope over all pairs of points (Theil–Sen estimator). It is hardly affected by a page cache that
 * fills up once, but fully reflects steady growth, whether gradual or in steps.
 */
function slope(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([laterX, laterY]) => (laterY - y) / (laterX - x)),
  );
  return middle(slopes);
}

function mebibytesOf(bytes = NaN): number {
  return bytes / 1_048_576;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
