import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type DatabaseDriver } from '@atlas/persistence';
import { type Secret } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { type DriverName } from '../../config/control-plane.config';

/** Identifies one tenant's own infrastructure: a database and its tenant plane. */
export interface InfrastructureSubject {
  readonly tenantId: string;
  readonly slug: string;
  readonly tenantPlaneId: string;
  readonly deploymentModel: DeploymentModel;
  readonly region: string | null;
  readonly database: DatabaseDriver;
  /** The requested version of the tenant plane, if any. */
  readonly version: string | null;
}

export interface InfrastructureRequest extends InfrastructureSubject {
  /**
   * The environment with which the tenant plane starts: the `env` of a new install bundle, which revokes the
   * previous one, or the current environment of an enrolled plane. Contains secrets.
   */
  openEnvironment(): Promise<Readonly<Record<string, string>>>;
}

export interface Infrastructure {
  readonly endpointUrl: string;
  readonly dbUrl: Secret;
}

/** A part of what a driver creates for one plane. */
export type InfrastructurePart = 'record' | 'database' | 'role' | 'process' | 'state';

/** What a driver finds when it inspects the infrastructure of one plane. */
export interface InspectedInfrastructure {
  readonly tenantPlaneId: string;
  /** The parts that are missing or changed, each with a text for operators on what to do. */
  readonly faults: Readonly<Partial<Record<InfrastructurePart, string>>>;
  /** What the Control Plane's rows should contain; null if the driver does not know. */
  readonly made: Infrastructure | null;
}

/** An object that a driver found whose name matches the names of the objects it creates. */
export interface FoundThing {
  /** Kind and name, for example `database atlas_acme_0a1b2c3d`. */
  readonly id: string;
  readonly name: string;
  /** Set if it belongs to none of the driver's planes, despite its name. */
  readonly isStray?: boolean;
}

/** A transaction that commits only if the worker still holds the job's lease. */
export type FencedWrite = <T>(work: (manager: EntityManager) => Promise<T>) => Promise<T>;

/**
 * Creates and removes the infrastructure of dedicated tenants. Both operations are
 * idempotent and resume from whatever a crash left. A failure that needs a person
 * is thrown as a StepFailure that says so.
 */
export abstract class InfrastructureDriver {
  /** The value of INFRASTRUCTURE_DRIVER. */
  abstract readonly name: DriverName;

  /** Describes what would be created, for operators, without changing anything. */
  abstract plan(subject: InfrastructureSubject): Promise<readonly string[]>;
  /**
   * Creates what is missing and updates the rest: a tenant plane with another version or environment is
   * replaced. Null while a person has yet to create it.
   */
  abstract create(request: InfrastructureRequest, write: FencedWrite): Promise<Infrastructure | null>;
  /**
   * Removes whatever exists. Nothing has to exist. The caller calls `requireTracked` first. The driver writes
   * before it removes anything, so the caller may refuse in that transaction.
   */
  abstract destroy(subject: InfrastructureSubject, write: FencedWrite): Promise<void>;

  /**
   * Throws a StepFailure if the driver has lost track of what it may have created for this plane: `create`
   * would create it again, and `destroy` would find nothing to remove.
   */
  async requireTracked(_subject: InfrastructureSubject): Promise<void> {
    // By default a driver tracks nothing, so it cannot lose track.
  }
  /**
   * Drops what the driver tracks for a destroyed plane. Call it after recording that nothing is left: in the
   * opposite order, a crash in between would look as if the driver had lost track.
   */
  async forget(_subject: InfrastructureSubject): Promise<void> {
    // By default a driver tracks nothing.
  }

  /** Checks whether what was created still exists. Reports only what it can see, and changes nothing. */
  async inspect(_subjects: readonly InfrastructureSubject[]): Promise<readonly InspectedInfrastructure[]> {
    return [];
  }
  /** Repairs a part that `inspect` found faulty, if no data can be lost. False if a person has to do it. */
  async mend(
    _manager: EntityManager,
    _subject: InfrastructureSubject,
    _part: InfrastructurePart,
  ): Promise<boolean> {
    return false;
  }
  /** Lists, in pages, all objects whose names match those that this driver creates. */
  async *things(): AsyncIterable<readonly FoundThing[]> {
    // By default a driver cannot list anything.
  }
}
