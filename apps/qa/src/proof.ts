import { type DatabaseDriver, type PlaneProcess, type TestDatabase, type TestStack } from '@atlas/testing';
import { type Served, type Stage } from './stage';

/** `full` is the size that docs/security.md promises; `small` takes at most five seconds and runs with every test. */
export type ProofSize = 'full' | 'small';

export interface ProofContext {
  readonly size: ProofSize;
  readonly driver: DatabaseDriver;
  /** Of a proof that has parts: only those whose name holds this. */
  readonly only?: string;
  /** Databases of this proof's own, dropped behind it. */
  database(): Promise<TestDatabase>;
  /** Another with all that is in that one, which nobody has open. */
  copyOf(database: TestDatabase): Promise<TestDatabase>;
  /** As `database`, with the schema of a tenant plane. */
  tenantPlaneDatabase(): Promise<TestDatabase>;
  /** A Control Plane as a process, ended behind it. In the small size it may have served other proofs before. */
  stack(env?: Readonly<Record<string, string>>): Promise<TestStack>;
  /** As `stack`, with a cell that serves. `env` is the cell's. */
  served(env?: Readonly<Record<string, string>>): Promise<Served>;
  /** What several proofs look at: in the small size they share it. */
  once<T>(make: (context: ProofContext) => Promise<T>): Promise<T>;
  /** One more process of that Control Plane. */
  furtherControlPlane(stack: TestStack): Promise<PlaneProcess>;
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
  /** Where the small form can run in its time; absent: on all. On none, where a test says as much in less time. */
  readonly smallOn?: readonly DatabaseDriver[];
  readonly run: (context: ProofContext) => Promise<Verdict>;
}

/** Runs a proof with what is on the stage. */
export function prove(
  proof: Proof,
  stage: Stage,
  size: ProofSize,
  { progress = () => undefined, only }: Partial<Pick<ProofContext, 'progress' | 'only'>> = {},
): Promise<Verdict> {
  const context: ProofContext = {
    ...{ size, driver: stage.driver, progress, only },
    database: () => stage.database(),
    copyOf: (database) => stage.copyOf(database),
    tenantPlaneDatabase: () => stage.tenantPlaneDatabase(),
    stack: (env) => stage.stack(env),
    served: (env) => stage.served(env),
    once: (make) => stage.once(make, () => make(context)),
    furtherControlPlane: (stack) => stage.furtherControlPlane(stack),
  };
  return proof.run(context);
}

/** The statuses of many answers, counted: `{ 200: 1, 409: 199 }`. */
export function countBy<T>(items: readonly T[], key: (item: T) => string | number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}
