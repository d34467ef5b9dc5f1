import { type DatabaseDriver, type PlaneProcess, type TestDatabase, type TestStack } from '@atlas/testing';
import { type Figure, allHold } from './figures';
import { type Served, type Stage } from './stage';

/**
 * `full` is the size promised in docs/security.md; `small` takes at most five seconds and runs with every
 * test.
 */
export type ProofSize = 'full' | 'small';

export interface ProofContext {
  readonly size: ProofSize;
  readonly driver: DatabaseDriver;
  /** For a proof with parts: runs only those whose name contains this. */
  readonly only?: string;
  /** A database of the proof's own, dropped after it. */
  database(): Promise<TestDatabase>;
  /** A copy of a database that nobody has open. */
  copyOf(database: TestDatabase): Promise<TestDatabase>;
  /** Like `database`, with the schema of a tenant plane. */
  tenantPlaneDatabase(): Promise<TestDatabase>;
  /**
   * A Control Plane as a process, ended after the proof. In the small size it may have served other proofs
   * before.
   */
  stack(env?: Readonly<Record<string, string>>): Promise<TestStack>;
  /** Like `stack`, with a cell that is serving. `env` is the cell's. */
  served(env?: Readonly<Record<string, string>>): Promise<Served>;
  /** Something several proofs examine; in the small size they share it. */
  once<T>(make: (context: ProofContext) => Promise<T>): Promise<T>;
  /** One more process of that Control Plane. */
  furtherControlPlane(stack: TestStack): Promise<PlaneProcess>;
  progress(text: string): void;
}

export interface Verdict {
  readonly figures: readonly Figure[];
  readonly holds: boolean;
}

/** A promise of the product, proven by figures. Its name is that of its file. */
export interface Proof {
  readonly goal: string;
  readonly databases: readonly DatabaseDriver[];
  /**
   * Where the small form is fast enough; absent means everywhere. Empty where a test covers the same in less
   * time.
   */
  readonly smallOn?: readonly DatabaseDriver[];
  /** Returns the most telling figures first. */
  readonly run: (context: ProofContext) => Promise<readonly Figure[]>;
}

/** Runs a proof with the resources of the stage. */
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

/** Counts statuses, such as `{ 200: 1, 409: 199 }`. */
export function countBy<T>(items: readonly T[], key: (item: T) => string | number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}
