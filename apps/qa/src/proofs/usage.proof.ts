import { type TestStack, eventually } from '@atlas/testing';
import { all, atLeast, exactly, measured } from '../figures';
import { type Proof } from '../proof';
import { SeededRandom } from '../seeded-random';
import { TenantRows } from '../tenant-rows';

const SEED = 20_260_402;
const KILLS = 20;
const WRITERS = 4;
/** How long the writers write before the plane is killed, in milliseconds. */
const LONGEST_LIFE_MS = 600;

type Usage = Readonly<Record<string, number>>;

/**
 * A tenant plane is killed again and again while users report incidents and a source sends alerts. What the
 * Control Plane has counted in the end is what the tenant's rows say.
 *
 * To see it fail: in count-usage.ts, write with another transaction than the caller's; or in usage.ts of the
 * Control Plane, add the reported amounts instead of keeping the highest.
 */
export const proof: Proof = {
  goal: 'plane killed 20 times under writes, reports repeated: usage equals what was done',
  databases: ['sqlite', 'postgres'],
  // A plane sends a heartbeat only every 25 s.
  smallOn: [],
  async run({ served, progress }) {
    const { stack, install, planeDatabase, planeEnv } = await served({});
    const { tenant, session } = await stack.tenantWithAdmin('metered');
    const writing = new Writing(
      stack,
      tenant.slug,
      session.token,
      await sourceKey(stack, tenant.slug, session.token),
    );
    const random = new SeededRandom(SEED);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await writing.during(async () => {
        await new Promise((done) => setTimeout(done, random.below(LONGEST_LIFE_MS)));
        const [plane] = stack.tenantPlanes;
        if (plane) await stack.endTenantPlane(plane, 'SIGKILL');
      });
      await stack.startTenantPlane(install, planeDatabase, planeEnv);
      progress(`kill ${kill}: ${writing.acknowledged} acknowledged`);
    }
    await writing.once();
    const rows = await TenantRows.open(planeDatabase);
    const done = await doneIn(rows, tenant.id);
    await rows.close();
    let counted: Usage = {};
    const isCounted = async (): Promise<boolean> => {
      counted = (await stack.api<{ total: Usage }>(`/api/tenants/${tenant.id}/usage`)).body.total;
      return counted['incidents'] === done.incidents && counted['alerts'] === done.alerts;
    };
    await eventually(isCounted, { timeoutMs: 60_000 }).catch(() => undefined);
    return [
      measured('kills under writes', KILLS),
      exactly('incidents counted', counted['incidents'] ?? 0, done.incidents),
      exactly('alerts counted', counted['alerts'] ?? 0, done.alerts),
      atLeast('writes stored', done.writes, writing.acknowledged),
      all('kinds of writes acknowledged', writing.kinds.size, 2),
      measured('seed', SEED),
    ];
  },
};

class Writing {
  acknowledged = 0;
  readonly kinds = new Set<string>();
  private number = 0;

  constructor(
    private readonly stack: TestStack,
    private readonly slug: string,
    private readonly session: string,
    private readonly key: string,
  ) {}

  /** Writes until `work` is done. Calls may fail, because the plane is killed. */
  async during(work: () => Promise<void>): Promise<void> {
    const state = { isOver: false };
    const write = async (): Promise<void> => {
      while (!state.isOver) await this.once().catch(() => undefined);
    };
    const writers = Array.from({ length: WRITERS }, write);
    await work();
    state.isOver = true;
    await Promise.all(writers);
  }

  /** Reports an incident, or sends an alert that no other call sends. */
  async once(): Promise<void> {
    const n = (this.number += 1);
    const labels = { alertname: 'Load', n: String(n) };
    const [kind, path, body] =
      n % 2 === 0
        ? ['incident', '/api/incidents', { title: `Incident ${n}`, severity: 'P4' }]
        : ['alert', `/api/ingest/generic/${this.key}`, { alerts: [{ status: 'firing', labels }] }];
    const session = kind === 'incident' ? this.session : undefined;
    const { status } = await this.stack.tenant(this.slug, String(path), { session, body: body as object });
    if (status >= 300) return;
    this.acknowledged += 1;
    this.kinds.add(String(kind));
  }
}

async function sourceKey(stack: TestStack, slug: string, session: string): Promise<string> {
  const body = { name: 'Source', kind: 'generic' };
  return (await stack.tenant<{ key: string }>(slug, '/api/data-sources', { session, body })).body.key;
}

async function doneIn(
  rows: TenantRows,
  tenantId: string,
): Promise<{ readonly incidents: number; readonly alerts: number; readonly writes: number }> {
  const countOf = async (sql: string): Promise<number> => {
    const [row] = await rows.query<{ n: number | string }>(sql, [tenantId]);
    return Number(row?.n ?? 0);
  };
  const incidents = await countOf('select count(*) as n from incidents where tenant_id = $1');
  const reported = await countOf(
    "select count(*) as n from incidents where tenant_id = $1 and source <> 'alert'",
  );
  const alerts = await countOf('select sum(count) as n from alerts where tenant_id = $1');
  return { incidents, alerts, writes: reported + alerts };
}
