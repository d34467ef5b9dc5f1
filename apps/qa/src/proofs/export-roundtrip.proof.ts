import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeThings } from '@atlas/isolation';
import { MEMORY_REPORT, MemoryReports } from '@atlas/testing';
import { Archives, type Manifest, linesIn, manifestIn, rowsIn } from '../exporting/archives';
import { PeakMemory } from '../exporting/peak-memory';
import { type SignedUpTenant, signedUpTenant } from '../exporting/signed-up-tenant';
import { SteadyWrites } from '../exporting/steady-writes';
import { type Figure, atMost, exactly, measured, moreThan, none } from '../figures';
import { fillIncidents } from '../moving/fill-incidents';
import { type Proof, type ProofContext } from '../proof';
import { type Served } from '../stage';
import { TenantRows } from '../tenant-rows';

const SIZES = {
  small: { incidents: 500, leadMs: 300 },
  full: { incidents: 1_000_000, leadMs: 2000 },
} as const;
/** How many incidents a second are reported in the exported tenant, and in the other one. */
const WRITES = [40, 10] as const;
const MAX_GROWTH_MEBIBYTES = 200;
const MEBIBYTE = 1024 ** 2;
/** Tables that an import does not store unchanged. */
const NOT_COMPARED = [
  'users',
  'audit_events',
  'user_identities',
  'identity_providers',
  'ai_route_settings',
  'ai_feature_settings',
  'ai_endpoints',
  // Those that have not ended are cancelled.
  'automation_runs',
  'automation_steps',
];

/**
 * An export is one moment of a tenant that stays in use, and an import stores exactly that.
 *
 * While users report 50 incidents a second in two tenants, one of the tenants is exported. The archive must
 * contain everything that was acknowledged before the export was requested, a number for each incident up to
 * the counter, and the timeline of each reported incident. It must contain nothing of the other tenant. Then
 * it is imported into an empty tenant, whose own export must be the same, file by file. All the time, the
 * plane's memory is measured after garbage collections.
 *
 * To see it fail: in `ExportRuns.write`, replace `this.tenants.snapshot` by `this.tenants.read`.
 */
export const proof: Proof = {
  goal:
    'an export of 1,000,000 incidents under 50 writes/s imports equal to its snapshot, 0 foreign rows, ' +
    'memory grows by <= 200 MiB',
  databases: ['sqlite', 'postgres'],
  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'atlas-export-roundtrip-'));
    try {
      return await roundTrip(context, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function roundTrip(context: ProofContext, folder: string): Promise<Figure[]> {
  const { incidents, leadMs } = SIZES[context.size];
  const isFull = context.size === 'full';
  const served = await context.served(isFull ? { NODE_OPTIONS: `--require "${MEMORY_REPORT}"` } : undefined);
  const { stack } = served;
  const [plane] = stack.tenantPlanes;
  const archives = new Archives(plane?.url ?? '', folder);
  const [source, other, target] = [
    await signedUpTenant(stack, 'exported'),
    await signedUpTenant(stack, 'beside'),
    await signedUpTenant(stack, 'imported'),
  ];
  await fill(served, source, incidents);
  await makeThings(other.ask, other.slug);
  const memory = isFull && plane ? new PeakMemory(new MemoryReports(plane)) : undefined;
  await memory?.start();

  const writes = [source, other].map((tenant, at) => new SteadyWrites(tenant, tenant.slug, WRITES[at] ?? 0));
  await delay(leadMs);
  const before = [...(writes[0]?.acknowledged ?? [])];
  const exportedIn = await timed(() => archives.exported(source));
  await Promise.all(writes.map((one) => one.stop()));
  context.progress(`exported in ${exportedIn.seconds.toFixed(1)} s`);
  const archive = await examined(exportedIn.result, { before, other });
  const importedIn = await timed(() => archives.import(target, exportedIn.result));
  context.progress(`imported in ${importedIn.seconds.toFixed(1)} s`);
  const again = await manifestIn(await archives.exported(target));
  const growth = await memory?.stop();

  return [
    none('tables that differ after the import', differences(archive.manifest, again)),
    none('foreign rows', archive.foreign),
    none('acknowledged writes that are missing', archive.missing),
    none('incidents without their timeline', archive.torn),
    exactly('incidents, by the counter', archive.incidents, archive.counter),
    none(
      'failed writes',
      writes.flatMap(({ failures }) => failures),
    ),
    moreThan('writes during the export', (writes[0]?.acknowledged.length ?? 0) - before.length, 0),
    ...(growth === undefined
      ? []
      : [atMost('growth in memory', growth / MEBIBYTE, MAX_GROWTH_MEBIBYTES, 'MiB')]),
    measured('incidents', archive.incidents),
    measured('export', exportedIn.seconds, 's'),
    measured('import', importedIn.seconds, 's'),
  ];
}

async function fill(
  { planeDatabase }: Served,
  { id, ask, slug }: SignedUpTenant,
  count: number,
): Promise<void> {
  const rows = await TenantRows.open(planeDatabase);
  try {
    await fillIncidents(rows, id, count);
  } finally {
    await rows.close();
  }
  await makeThings(ask, slug);
}

/** What is wrong with an unpacked archive. */
async function examined(
  folder: string,
  { before, other }: { readonly before: readonly string[]; readonly other: SignedUpTenant },
) {
  const manifest = await manifestIn(folder);
  let foreign = 0;
  for (const { name } of manifest.tables)
    for await (const line of linesIn(folder, name))
      if (line.includes(other.slug) || line.includes(other.id)) foreign += 1;
  const timelines = new Map<unknown, number>();
  for await (const { incident_id: id } of rowsIn(folder, 'incident_timeline'))
    timelines.set(id, (timelines.get(id) ?? 0) + 1);
  const missing = new Set(before);
  let [incidents, torn] = [0, 0];
  for await (const { id, timeline_length: length } of rowsIn(folder, 'incidents')) {
    incidents += 1;
    missing.delete(String(id));
    if (length !== (timelines.get(id) ?? 0)) torn += 1;
  }
  let counter = 0;
  for await (const { series, value } of rowsIn(folder, 'tenant_counters'))
    if (series === 'incident') counter = Number(value);
  return { manifest, foreign, missing: [...missing], torn, incidents, counter };
}

function differences(one: Manifest, other: Manifest): string[] {
  const told = ({ tables }: Manifest): Map<string, string> =>
    new Map(tables.map(({ name, rows, sha256 }) => [name, `${rows} rows, ${sha256}`]));
  const [before, after] = [told(one), told(other)];
  return [...before.keys()].filter(
    (name) => !NOT_COMPARED.includes(name) && before.get(name) !== after.get(name),
  );
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - startedAt) / 1000 };
}
