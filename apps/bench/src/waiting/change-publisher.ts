import {
  type Database,
  PostgresSignals,
  type Schema,
  databaseTarget,
  openDatabase,
} from '@atlas/persistence';
import { Secret, SystemClock } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { builtExports } from '../built-app';

interface Placed {
  readonly tenantId: string;
  readonly tenantPlaneId: string;
}
interface DesiredStates {
  publish(manager: EntityManager, placement: Placed): Promise<void>;
  publishHomes(manager: EntityManager, tenants: Selected): Promise<void>;
}
interface Selected {
  readonly select: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}
type DesiredStatesClass = new (...collaborators: readonly unknown[]) => DesiredStates;

/**
 * Does what a second Control Plane process does when a tenant changes, by running the Control Plane's own
 * code in this process.
 */
export class ChangePublisher {
  private constructor(
    private readonly database: Database,
    private readonly desiredStates: DesiredStates,
  ) {}

  static async open(url: string): Promise<ChangePublisher> {
    const file = 'desired-state/desired-states.js';
    const { DesiredStates } = builtExports<{ DesiredStates: DesiredStatesClass }>('control-plane', file);
    const { CONTROL_PLANE_SCHEMA: schema } = builtExports<{ CONTROL_PLANE_SCHEMA: Schema }>(
      'control-plane',
      'schema.js',
    );
    const database = await openDatabase({ target: databaseTarget(url), schema, poolSize: 2 });
    const signals = new PostgresSignals(database, new Secret(url));
    return new ChangePublisher(
      database,
      construct(DesiredStates, { Database: database, Signals: signals, Clock: new SystemClock() }),
    );
  }

  /** Publishes one change, and returns the time at which it was committed. */
  publish(placed: Placed): Promise<number> {
    return this.committed((manager) => this.desiredStates.publish(manager, placed));
  }

  /** Publishes one change of every tenant in one transaction, and returns the time of the commit. */
  publishAll(): Promise<number> {
    const all = { select: 'select id from tenants', parameters: {} };
    return this.committed((manager) => this.desiredStates.publishHomes(manager, all));
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private async committed(change: (manager: EntityManager) => Promise<void>): Promise<number> {
    let committedAt = NaN;
    await this.database.write(async (manager) => {
      this.database.afterCommit(() => (committedAt = performance.now()));
      await change(manager);
    });
    return committedAt;
  }
}

/**
 * Like Nest, resolves constructor arguments by the names of their types. Omits arguments that publishing does
 * not need.
 */
function construct<T>(
  type: new (...collaborators: readonly unknown[]) => T,
  known: Readonly<Record<string, unknown>>,
): T {
  const wanted = Reflect.getMetadata('design:paramtypes', type) as { readonly name: string }[];
  return new type(...wanted.map(({ name }) => known[name]));
}
