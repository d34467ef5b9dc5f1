import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type InstallView,
  type PlaneProcess,
  type TestDatabase,
  type TestStack,
  canLimitFileSize,
  eventually,
  request,
} from '@atlas/testing';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { type Figure, all, atLeast, atMost, exactly, measured, none } from '../figures';
import { PlaneFolder } from '../plane-backups/plane-folder';
import { type Proof, type ProofContext } from '../proof';
import { TenantRows } from '../tenant-rows';

const INCIDENTS = 50;
const KILLS = 12;
/** A plane reports at least this often. */
const HEARTBEAT_SECONDS = 25;

/** A plane with a tenant, its admin and one of its agents. */
interface Installed {
  readonly folder: PlaneFolder;
  readonly database: TestDatabase;
  readonly install: InstallView;
  readonly planeId: string;
  readonly slug: string;
  readonly session: string;
  readonly agentKey: string;
  readonly process: PlaneProcess;
}

/** What must be the same before the backup and after the restore. */
interface Facts {
  readonly identity: string;
  readonly incidents: number;
  readonly agent: number;
  readonly lease: string;
}

interface PlaneView {
  readonly identity_forked: boolean;
  readonly enrolled_at: string;
  readonly incarnation: string | null;
  readonly last_report_at: string | null;
}

/**
 * A customer's plane is backed up while it runs, its folder and its database are deleted, and it is restored
 * elsewhere: the same identity, data, agent, session and lease, without a new token. Then the original is
 * started again from a copy of its disk, and is flagged at its first report, while the restored plane is not.
 *
 * Before that, backups and restores are killed ever later, and run out of space (`prlimit`, Linux only):
 * none leaves a file, a folder or a database that looks whole.
 *
 * To see it fail: in `renew`, keep the old incarnation; in `writeBackup`, write to the file's own name; or in
 * `standingOf`, return `current` for a replaced copy.
 */
export const proof: Proof = {
  goal:
    'a plane is backed up, deleted and restored elsewhere with the same identity, data, agents and lease; ' +
    'the original is flagged within one heartbeat; kills and full disks leave nothing that looks whole',
  databases: ['sqlite', 'postgres'],
  // Covered by tenant-plane/test/plane-backups and control-plane/test/tenant-planes/restored-planes.cases.ts.
  smallOn: [],
  async run(context) {
    const stack = await context.stack();
    const plane = await installed(context, stack);
    try {
      const before = await factsOf(stack, plane);
      const archive = join(plane.folder.place, 'plane.age');
      const recipient = await newRecipient(plane.folder);
      await plane.folder.atlasTp('backup', archive, '--recipient', recipient);
      context.progress('backed up');
      const laterMs = await msBetweenKills(plane, recipient);
      const broken = await brokenBackups(context, plane, recipient, laterMs);
      await stack.endTenantPlane(plane.process);
      const disk = await context.copyOf(plane.database);
      await rm(plane.folder.folder, { recursive: true });
      await plane.database.drop();
      return [...(await restored(context, stack, plane, { before, archive, disk, laterMs })), ...broken];
    } finally {
      plane.folder.remove();
    }
  },
};

interface Kept {
  readonly before: Facts;
  readonly archive: string;
  /** A copy of the original's disk. */
  readonly disk: TestDatabase;
  readonly laterMs: number;
}

async function restored(
  context: ProofContext,
  stack: TestStack,
  plane: Installed,
  { before, archive, disk, laterMs }: Kept,
): Promise<Figure[]> {
  const elsewhere = plane.folder.sibling('restored');
  const fresh = await context.database();
  const identity = ['--identity-file', identityFile(elsewhere.place)];
  await elsewhere.atlasTp('verify', archive, ...identity);
  const killed = await killedRestores(plane, elsewhere, { archive, fresh, laterMs });
  const given = context.driver === 'postgres' ? ['--database-file', databaseFile(elsewhere, fresh)] : [];
  await elsewhere.atlasTp('restore', archive, '--to', elsewhere.folder, ...given, ...identity);
  context.progress('restored');
  const enrolledBefore = await shown(stack, plane.planeId);
  const process = await stack.startTenantPlane(plane.install, elsewhere.database(fresh), {}, true);
  const again = { ...plane, folder: elsewhere, database: elsewhere.database(fresh), process };
  const isHeard = async () => (await shown(stack, plane.planeId)).incarnation !== null;
  await eventually(isHeard, { timeoutMs: 50_000, what: 'the restored plane has reported' });
  const after = await factsOf(stack, again);
  const { enrolled_at: enrolled, identity_forked: isMistaken } = await shown(stack, plane.planeId);

  const startedAt = Date.now();
  const copy = await stack.startTenantPlane(plane.install, disk);
  const isFlagged = async () => (await shown(stack, plane.planeId)).identity_forked;
  await eventually(isFlagged, { timeoutMs: 90_000, what: 'the original is flagged' });
  const seconds = (Date.now() - startedAt) / 1000;
  const knows = await copy.line(/this one is outdated/, 10_000).then(() => 1);
  const copySays = await noticedOn(disk);
  const restoredSays = await noticedOn(again.database);
  const served = await factsOf(stack, again);
  await stack.endTenantPlane(copy);
  await stack.endTenantPlane(process);
  return [
    none('facts that differ after the restore', differences(before, after)),
    none('facts that differ while the original runs too', differences(before, served)),
    exactly('enrolled at', enrolled, enrolledBefore.enrolled_at),
    none('restores mistaken for forks', isMistaken ? 1 : 0),
    atMost('the original is flagged after', seconds, HEARTBEAT_SECONDS, 's'),
    exactly('the original knows, and says so in its status', `${knows} ${copySays}`, '1 true'),
    exactly('the restored plane is told the same', String(restoredSays), 'false'),
    ...killed,
  ];
}

/**
 * Each kill comes this much later than the one before. On a machine of any speed, the first ones interrupt
 * the work, and the last ones come too late.
 */
async function msBetweenKills({ folder }: Installed, recipient: string): Promise<number> {
  const file = join(folder.place, 'timed.age');
  const startedAt = performance.now();
  await folder.killed('backup', ['--file', file, '--recipient', recipient], 60_000);
  return (2 * (performance.now() - startedAt)) / KILLS;
}

/** Backups that are killed or run out of space. */
async function brokenBackups(
  { progress }: ProofContext,
  { folder }: Installed,
  recipient: string,
  laterMs: number,
): Promise<Figure[]> {
  const broken: string[] = [];
  let unfinished = 0;
  for (let turn = 0; turn < KILLS; turn += 1) {
    const file = join(folder.place, `killed-${turn}.age`);
    await folder.killed('backup', ['--file', file, '--recipient', recipient], laterMs * (turn + 1));
    if (folder.names().includes(`killed-${turn}.age`)) {
      const verified = folder.atlasTp('verify', file, '--identity-file', identityFile(folder.place));
      await verified.catch((error: Error) => broken.push(error.message));
    } else unfinished += 1;
    progress(`backup ${turn} killed`);
  }
  const figures = [
    measured('backups killed', KILLS),
    atLeast('of which were unfinished', unfinished, 2),
    none('killed backups that are not whole under their names', broken),
  ];
  if (!canLimitFileSize()) return [...figures, measured('full disk', 'not tried: prlimit is missing')];
  const full = join(folder.place, 'full.age');
  // With a passphrase, too: everything else here is encrypted to a recipient.
  const sealed = join(folder.place, 'sealed.age');
  await folder.atlasTp('backup', sealed);
  await folder.atlasTp('verify', sealed);
  const { code } = await folder.limited('backup', ['--file', full, '--recipient', recipient], 8192);
  const left = folder.names().filter((name) => name.includes('full.age'));
  return [
    ...figures,
    exactly('a backup on a full disk fails', code !== 0 ? 'yes' : 'no', 'yes'),
    none('files that it leaves', left),
  ];
}

async function killedRestores(
  plane: Installed,
  elsewhere: PlaneFolder,
  { archive, fresh, laterMs }: Pick<Kept, 'archive' | 'laterMs'> & { readonly fresh: TestDatabase },
): Promise<Figure[]> {
  const host = elsewhere.sibling('killer');
  host.install(urlsOf(fresh));
  const isPostgres = fresh.driver === 'postgres';
  let [unfinished, whole] = [0, 0];
  for (let turn = 0; turn < KILLS; turn += 1) {
    const opened = [
      '--identity-file',
      identityFile(elsewhere.place),
      ...(isPostgres ? ['--new-database'] : []),
    ];
    const args = ['--file', archive, '--to', elsewhere.folder, ...opened];
    await host.killed('restore-backup', args, laterMs * (turn + 1));
    const hasFolder = elsewhere.names().includes('restored');
    if (!hasFolder) unfinished += 1;
    else await rm(elsewhere.folder, { recursive: true });
    whole += await wholeTables(fresh, plane);
  }
  return [
    measured('restores killed', KILLS),
    atLeast('of which were unfinished', unfinished, 2),
    all('times that the new database was whole or empty', whole, KILLS),
  ];
}

/** A database that a killed restore leaves is either empty or complete. */
async function wholeTables(fresh: TestDatabase, { slug }: Installed): Promise<number> {
  if (fresh.driver === 'sqlite') return 1;
  const rows = await TenantRows.open(fresh);
  const tables = await rows.query<{ name: string }>(
    `select relname as name from pg_class where relname = 'plane_identity'`,
  );
  const tenants = tables.length === 0 ? [] : await rows.query<{ slug: string }>('select slug from tenants');
  await rows.close();
  return tables.length === 0 || tenants.some((one) => one.slug === slug) ? 1 : 0;
}

async function installed(context: ProofContext, stack: TestStack): Promise<Installed> {
  const slug = `kept-${Math.random().toString(36).slice(2, 8)}`;
  const { body } = await stack.provision(slug, { body: { deployment_model: 'on_prem' } });
  const { install, tenant } = body;
  if (!install) throw new Error('The tenant has no install bundle.');
  const folder = PlaneFolder.create();
  const created = await context.database();
  const database =
    created.driver === 'sqlite' ? { ...created, url: join(folder.folder, 'data/test.db') } : created;
  folder.install({ ...install.env, ...urlsOf(database), NODE_ENV: 'test' });
  const process = await stack.startTenantPlane(install, database);
  const view = await stack.awaitActive(tenant.id);
  const { token: session } = await stack.signUp(view, process.url);
  const call = <T>(path: string, sent: object) =>
    stack.tenant<T>(slug, path, { session, body: sent, at: process.url });
  for (let i = 0; i < INCIDENTS; i += 1) await call('/api/incidents', { title: `Disk ${i}`, severity: 'P3' });
  const agent = await call<{ key: string }>('/api/agents', { name: 'web-1' });
  const { tenant_plane_id: planeId } = view;
  if (planeId === null) throw new Error('The tenant has no plane.');
  return { folder, database, install, planeId, slug, session, agentKey: agent.body.key, process };
}

async function factsOf(stack: TestStack, plane: Installed): Promise<Facts> {
  const { slug, session, agentKey, process } = plane;
  const asked = { session, at: process.url };
  const incidents = await stack.tenant<{ items: unknown[] }>(slug, '/api/incidents?limit=100', asked);
  const { body } = await stack.tenant<{ lease: { state: string } | null }>(slug, '/api/entitlements', asked);
  const heartbeat = await request(`${process.url}/api/agent/heartbeat`, {
    body: { version: '0.1.0', hostname: 'web-1' },
    headers: { authorization: `Bearer ${agentKey}` },
  });
  return {
    identity: await identityOn(plane.database),
    incidents: incidents.body.items.length,
    agent: heartbeat.status,
    lease: body.lease?.state ?? 'none',
  };
}

function differences(before: Facts, after: Facts): string[] {
  const names = Object.keys(before) as (keyof Facts)[];
  return names.filter((name) => before[name] !== after[name]).map((name) => `${name}: ${after[name]}`);
}

async function identityOn(database: TestDatabase): Promise<string> {
  const rows = await TenantRows.open(database);
  const [row] = await rows.query<Record<string, unknown>>('select * from plane_identity');
  await rows.close();
  return JSON.stringify(['tenant_plane_id', 'instance_id', 'public_key'].map((name) => row?.[name]));
}

async function noticedOn(database: TestDatabase): Promise<boolean> {
  const rows = await TenantRows.open(database);
  const [row] = await rows.query<{ at: unknown }>('select copy_noticed_at as at from plane_identity');
  await rows.close();
  return row?.at != null;
}

async function shown(stack: TestStack, id: string): Promise<PlaneView> {
  return (await stack.api<PlaneView>(`/api/tenant-planes/${id}`)).body;
}

function urlsOf({ url, ownerUrl }: TestDatabase) {
  return { TENANT_PLANE_DATABASE_URL: url, TENANT_PLANE_MIGRATION_DATABASE_URL: ownerUrl };
}

function databaseFile({ place }: PlaneFolder, database: TestDatabase): string {
  const file = join(place, 'new-database.env');
  const lines = Object.entries(urlsOf(database)).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}

/** A key pair for this proof alone. Its private key is in a file beside the plane's folder. */
async function newRecipient({ place }: PlaneFolder): Promise<string> {
  const identity = await generateX25519Identity();
  writeFileSync(identityFile(place), `${identity}\n`);
  return identityToRecipient(identity);
}

function identityFile(place: string): string {
  return join(place, 'identity.txt');
}
