import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  type DatabaseDriver,
  type TestDatabase,
  TestStack,
  builtFile,
  createTestDatabase,
} from '@atlas/testing';

/** `full` is the size that docs/security.md promises; `small` takes at most five seconds and runs with every test. */
export type ProofSize = 'full' | 'small';

export interface ProofContext {
  readonly size: ProofSize;
  readonly driver: DatabaseDriver;
  /** Databases of this proof's own, dropped behind it. */
  database(): Promise<TestDatabase>;
  /** As `database`, with the schema of a tenant plane. */
  tenantPlaneDatabase(): Promise<TestDatabase>;
  /** A Control Plane as a process, ended behind it. */
  stack(env?: Readonly<Record<string, string>>): Promise<TestStack>;
  progress(text: string): void;
}

export interface Verdict {
  /** What was counted, in one line. */
  readonly figure: string;
  readonly isGood: boolean;
}

/** A promise of the product, proven by a number. */
export interface Proof {
  readonly name: string;
  readonly goal: string;
  readonly databases: readonly DatabaseDriver[];
  /** Where the small form can run in its time; absent: on all. */
  readonly smallOn?: readonly DatabaseDriver[];
  readonly run: (context: ProofContext) => Promise<Verdict>;
}

/** Runs a proof on one database and cleans up behind it. */
export async function prove(
  proof: Proof,
  driver: DatabaseDriver,
  size: ProofSize,
  progress: (text: string) => void = () => undefined,
): Promise<Verdict> {
  const databases: TestDatabase[] = [];
  const stacks: TestStack[] = [];
  const database = async (): Promise<TestDatabase> => {
    const created = await createTestDatabase(driver);
    databases.push(created);
    return created;
  };
  const tenantPlaneDatabase = async (): Promise<TestDatabase> => {
    const created = await database();
    await migrate(created);
    return created;
  };
  const stack = async (controlPlaneEnv?: Readonly<Record<string, string>>): Promise<TestStack> => {
    const started = await TestStack.start({ controlPlaneDatabase: await database(), controlPlaneEnv });
    stacks.push(started);
    return started;
  };
  try {
    return await proof.run({ size, driver, database, tenantPlaneDatabase, stack, progress });
  } finally {
    await Promise.all(stacks.map((one) => one.stop()));
    await Promise.all(databases.map((one) => one.drop()));
  }
}

/** As the local driver does: by the tenant plane's own command. */
async function migrate({ url, ownerUrl }: TestDatabase): Promise<void> {
  const env = {
    ATLAS_OFFLINE_MODE: '1',
    ATLAS_TP_DEPLOYMENT: 'shared',
    TENANT_BASE_DOMAIN: 'localhost',
    TENANT_PLANE_DATABASE_URL: url,
    ...(ownerUrl !== undefined && { TENANT_PLANE_MIGRATION_DATABASE_URL: ownerUrl }),
  };
  await promisify(execFile)(process.execPath, [builtFile('tenant-plane', 'migrate.js')], { env });
}

/** The statuses of many answers, counted: `{ 200: 1, 409: 199 }`. */
export function countBy<T>(items: readonly T[], key: (item: T) => string | number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}
