import { randomBytes } from 'node:crypto';
import { type TestStack, eventually } from '@atlas/testing';
import { all, atLeast, measured, none } from '../figures';
import { type Proof, type ProofContext } from '../proof';
import { type TenantWithSecret, dbUrlOf, tenantsWithSecrets } from '../sealing/tenants-with-secrets';
import { TenantRows } from '../tenant-rows';

const SIZES = { small: { tenants: 10, kills: 1 }, full: { tenants: 340, kills: 3 } } as const;
const READERS = 4;
const TABLES = { tenants: 'db_url_sealed', tenant_planes: 'db_url_sealed', service_keys: 'secret_sealed' };

interface KeyView {
  readonly id: string;
  readonly values: number;
}

/**
 * The sealing key changes while secrets are read and the Control Plane is killed. Every read succeeds, and no
 * value remains sealed with the old key.
 *
 * To see it fail: in `Resealer.onApplicationBootstrap`, leave out the first turn.
 */
export const proof: Proof = {
  goal:
    '1,000 secrets are re-sealed during reads and 3 kills: 0 failed reads, 0 rows sealed with the ' +
    'old key',
  databases: ['sqlite', 'postgres'],
  // Covered at the reduced size by control-plane/test/trust/sealing.cases.ts.
  smallOn: [],
  async run(context) {
    const { tenants: count, kills } = SIZES[context.size];
    const old = newKey('k1');
    const stack = await context.stack({ INFRASTRUCTURE_DRIVER: 'manual', CONTROL_PLANE_SEALING_KEYS: old });
    const rows = await TenantRows.open(stack.controlPlaneDatabase);
    const reading = new Reading(stack, await tenantsWithSecrets(stack, count), context.progress);
    try {
      const secrets = await valuesOf(stack, 'k1');
      const next = newKey('k2');
      const readers = Array.from({ length: READERS }, () => reading.run());
      const left = await rotate(context, { stack, rows, keys: `${next},${old}`, secrets, kills });
      await eventually(async () => (await valuesOf(stack, 'k1')) === 0, { timeoutMs: 60_000 });
      reading.end();
      await Promise.all(readers);
      const oldRows = await valuesOf(stack, 'k1');
      const newRows = await valuesOf(stack, 'k2');
      // Everything must be readable without the old key.
      await stack.controlPlane.end();
      await stack.startControlPlane({ CONTROL_PLANE_SEALING_KEYS: next });
      const unread = await reading.all();
      const amid = left.filter((some) => some > 0 && some < secrets);
      return [
        measured('secrets', secrets),
        none('failed reads', reading.failed),
        none('rows under the old key', oldRows),
        all('rows under the new key', newRows, secrets),
        none('secrets unreadable without the old key', unread),
        atLeast('reads', reading.count, count),
        all('kills during the re-sealing', amid.length, kills),
        measured('secrets left at each kill', left.join(', ')),
      ];
    } finally {
      reading.end();
      await rows.close();
    }
  },
};

interface Rotation {
  readonly stack: TestStack;
  readonly rows: TenantRows;
  readonly keys: string;
  readonly secrets: number;
  readonly kills: number;
}

/**
 * Restarts the Control Plane with the new key as the first key, and again after each kill. Returns how many
 * secrets had not been re-sealed yet at the time of each kill.
 */
async function rotate({ progress }: ProofContext, rotation: Rotation): Promise<number[]> {
  const { stack, rows, keys, secrets, kills } = rotation;
  await stack.controlPlane.end();
  const left: number[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    const enough = Math.floor((secrets * kill) / (kills + 1));
    const plane = await stack.startControlPlane({ CONTROL_PLANE_SEALING_KEYS: keys }, false);
    await eventually(async () => (await resealed(rows)) >= enough, { timeoutMs: 60_000, everyMs: 2 });
    await plane.end('SIGKILL');
    left.push(secrets - (await resealed(rows)));
    progress(`killed with ${left.at(-1)} of ${secrets} secrets left`);
  }
  await stack.startControlPlane({ CONTROL_PLANE_SEALING_KEYS: keys });
  return left;
}

async function resealed(rows: TenantRows): Promise<number> {
  const counts = Object.entries(TABLES).map(
    ([table, column]) => `(select count(*) from ${table} where ${column} like 's1.k2.%')`,
  );
  const [row] = await rows.query<{ count: number | string }>(`select ${counts.join(' + ')} as count`);
  return Number(row?.count);
}

async function valuesOf(stack: TestStack, id: string): Promise<number> {
  const { body } = await stack.api<{ items: readonly KeyView[] }>('/api/sealing-keys');
  return body.items.find((key) => key.id === id)?.values ?? 0;
}

function newKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** Reads one secret after another, retrying while the Control Plane is down. */
class Reading {
  count = 0;
  failed = 0;
  private isOver = false;

  constructor(
    private readonly stack: TestStack,
    private readonly tenants: readonly TenantWithSecret[],
    private readonly tell: ProofContext['progress'],
  ) {}

  async run(): Promise<void> {
    for (let n = 0; !this.isOver; n += 1) {
      const tenant = this.tenants[n % this.tenants.length];
      if (tenant) await this.read(tenant);
    }
  }

  end(): void {
    this.isOver = true;
  }

  /** Reads every secret once, and returns how many of them cannot be read. */
  async all(): Promise<number> {
    let unread = 0;
    for (const { id, dbUrl } of this.tenants) if ((await dbUrlOf(this.stack, id)) !== dbUrl) unread += 1;
    return unread;
  }

  private async read({ id, dbUrl }: TenantWithSecret): Promise<void> {
    const answer = await this.stack.api<{ db_url?: string }>(`/api/tenants/${id}/db-url`).catch(() => null);
    // The Control Plane was down.
    if (answer === null) return;
    this.count += 1;
    if (answer.body.db_url === dbUrl) return;
    this.failed += 1;
    this.tell(`a read returned ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}
