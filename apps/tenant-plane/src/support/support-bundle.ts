import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { lookInto } from '@atlas/persistence';
import { installationConfig } from '../config/installation-config';
import { TENANT_PLANE_VERSION } from '../config/tenant-plane-version';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { TAR_BLOCK, tarHeader, tarPadding } from '../archives/tar-format';
import { type PlaneRecord, readPlaneRecord } from '../installation/plane-record';
import { databaseOptions } from '../schema/database-options';
import { type Collected, LIMIT_MS, collected, within } from './collected';
import { knownValues } from './known-values';
import { Redactor } from './redactor';
import { type SupportScene } from './support-item';
import { SUPPORT_ITEMS } from './support-items';

const FORMAT = 'atlas-support-bundle/1';

export interface SupportRequest {
  readonly env: NodeJS.ProcessEnv;
  readonly now: Date;
  readonly logFile?: string | undefined;
  readonly leaveOut?: readonly string[];
  /** Whether to replace the names of tenants. */
  readonly hidesTenants?: boolean;
  /** How long an item may take. */
  readonly limitMs?: number;
}

/** The request is wrong, and nothing was collected. */
class SupportRefused extends Error {}

/** Collects the items of a bundle, redacted. Works as far as possible without a network or a database. */
export async function collectSupport({
  env,
  now,
  logFile,
  leaveOut = [],
  hidesTenants = false,
  limitMs = LIMIT_MS,
}: SupportRequest): Promise<readonly Collected[]> {
  requireItems(leaveOut);
  const scene = sceneOf(env, now, logFile, limitMs);
  const { identity, tenants } = await scene.record().catch(() => ({ identity: null, tenants: [] }));
  const names = hidesTenants ? tenants.map(({ slug, name }) => [slug, name]) : [];
  const redactor = new Redactor(knownValues(env, parsed(env), identity), names);
  const items: Collected[] = [];
  for (const item of SUPPORT_ITEMS)
    if (!leaveOut.includes(item.name)) items.push(await collected(item, scene, redactor, limitMs));
  return [manifestOf(items, leaveOut, now), ...items];
}

/** Writes a bundle that only its owner can read. An incomplete one never has the name of the file. */
export function writeSupportBundle(file: string, items: readonly Collected[], now: Date): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, gzipSync(tarOf(items, now)), { mode: 0o600, flag: 'wx' });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new SupportRefused(`Cannot write ${file}: ${(error as Error).message}. Choose another with --out.`);
  }
}

function tarOf(items: readonly Collected[], now: Date): Buffer {
  const files = items.flatMap(({ file, content }) => {
    const bytes = Buffer.from(content);
    const header = tarHeader({ name: `atlas-support/${file}`, size: bytes.length }, now);
    return [header, bytes, Buffer.alloc(tarPadding(bytes.length))];
  });
  return Buffer.concat([...files, Buffer.alloc(2 * TAR_BLOCK)]);
}

function manifestOf(items: readonly Collected[], leftOut: readonly string[], now: Date): Collected {
  const listed = items.map(({ name, file, summary, content, problem }) => ({
    name,
    file,
    summary,
    bytes: Buffer.byteLength(content),
    ...(problem !== undefined && { not_read: problem }),
  }));
  const facts = { format: FORMAT, created_at: now, version: TENANT_PLANE_VERSION, left_out: leftOut };
  const content = `${JSON.stringify({ ...facts, items: listed }, null, 2)}\n`;
  return { name: 'manifest', file: 'manifest.json', summary: 'what the bundle contains', content };
}

function sceneOf(
  env: NodeJS.ProcessEnv,
  now: Date,
  logFile: string | undefined,
  limitMs: number,
): SupportScene {
  let read: Promise<PlaneRecord> | undefined;
  const config = (): TenantPlaneConfig => installationConfig(env);
  const record = (): Promise<PlaneRecord> =>
    (read ??= within(limitMs, async () => readPlaneRecord(config())));
  return {
    env,
    now,
    logFile,
    config,
    record,
    look: async (work) => {
      // If the database cannot be reached, the first attempt has already waited for it.
      await record();
      const found = await lookInto(databaseOptions(config()), async (reader) => ({
        value: await work(reader),
      }));
      if (found === null) throw new Error('There is no database yet: the plane was never started.');
      return found.value;
    },
  };
}

/** Null if the environment is invalid. The bundle then still contains what needs no configuration. */
function parsed(env: NodeJS.ProcessEnv): TenantPlaneConfig | null {
  try {
    return installationConfig(env);
  } catch {
    return null;
  }
}

function requireItems(names: readonly string[]): void {
  const known = SUPPORT_ITEMS.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined)
    throw new SupportRefused(`There is no item "${wrong}" to leave out. The items are: ${known.join(', ')}.`);
}
