import { type DatabaseDriver, type PlaneProcess, type TestDatabase, type TestStack } from '@atlas/testing';
import { type Figure, allHold } from './figures';
import { type Served, type Stage } from './stage';

/**
 * `full` is the size that docs/security.md promises. `small` takes at most five seconds and runs with `npm
 * test`.
 */
export type ProofSize = 'full' | 'small';

export interface ProofContext {
  readonly size: ProofSize;
  readonly driver: DatabaseDriver;
  /** If set, a proof with several parts runs only the parts whose name contains this string. */
  readonly only?: string;
  /** Creates an empty database for this proof alone. The database is dropped afterwards. */
  database(): Promise<TestDatabase>;
  /** Copies a database. No process may have it open at that time. */
  copyOf(database: TestDatabase): Promise<TestDatabase>;
  /** Like `database`, but with the tenant plane's schema. */
  tenantPlaneDatabase(): Promise<TestDatabase>;
  /**
   * Starts a Control Plane process, which is stopped after the proof. At the reduced size, other proofs may
   * already have used the process.
   */
  stack(env?: Readonly<Record<string, string>>): Promise<TestStack>;
  /** Like `stack`, but with a cell that serves tenants. `env` is the environment of the cell. */
  served(env?: Readonly<Record<string, string>>): Promise<Served>;
  /** Creates something that several proofs examine. At the reduced size, these proofs share one instance. */
  once<T>(make: (context: ProofContext) => Promise<T>): Promise<T>;
  /** Starts another process of the same Control Plane. */
  furtherControlPlane(stack: TestStack): Promise<PlaneProcess>;
  progress(text: string): void;
}

export interface Verdict {
  readonly figures: readonly Figure[];
  readonly holds: boolean;
}

/** A promise that the product makes, proven by figures. A proof has the name of its file. */
export interface Proof {
  readonly goal: string;
  readonly databases: readonly DatabaseDriver[];
  /**
   * The databases on which the proof runs at the reduced size; all of `databases` by default. Empty if the
   * proof would then take too long or prove too little.
   */
  readonly smallOn?: readonly DatabaseDriver[];
  /** Runs the proof, and returns its figures in order of importance. */
  readonly run: (context: ProofContext) => Promise<readonly Figure[]>;
}

/** Runs a proof with the stage's planes and databases. */
export async function prove(
  proof: Proof,
  stage: Stage,
  size: ProofSize,
  { progress = () => undefined, only }: Partial<Pick<ProofContext, 'progress' | 'only'>> = {},
): Promise<Verdict> {
  const context: ProofContext = {
    size,
    driver: stage.driver,
    progress,
    only,
    database: () => stage.database(),
    copyOf: (database) => stage.copyOf(database),
    tenantPlaneDatabase: () => stage.tenantPlaneDatabase(),
    stack: (env) => stage.stack(env),
    served: (env) => stage.served(env),
    once: (make) => stage.once(make, () => make(context)),
    furtherControlPlane: (stack) => stage.furtherControlPlane(stack),
  };
  const figures = await proof.run(context);
  return { figures, holds: allHold(figures) };
}

/** Counts the items by key, for example `{ 200: 1, 409: 199 }` for statuses. */
export function countBy<T>(items: readonly T[], key: (item: T) => string | number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}
