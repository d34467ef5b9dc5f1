import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type DatabaseDriver } from '@atlas/persistence';
import { type Secret } from '@atlas/platform';
import { type EntityManager } from 'typeorm';
import { type DriverName } from '../../config/control-plane.config';

/** Identifies one tenant's own infrastructure: a database and a tenant plane. */
export interface InfrastructureSubject {
  /** {@link NO_TENANT} while the plane is in the warm pool. */
  readonly tenantId: string;
  /** While the plane is in the warm pool, the plane's name. */
  readonly slug: string;
  /**
   * What the names of the objects begin with, which never changes. The tenant's slug, unless the plane was
   * prepared for the warm pool.
   */
  readonly stem?: string;
  readonly tenantPlaneId: string;
  readonly deploymentModel: DeploymentModel;
  readonly region: string | null;
  readonly database: DatabaseDriver;
  /** The requested version of the tenant plane, if any. */
  readonly version: string | null;
}

/** The tenant's id in a subject that has no tenant yet. */
export const NO_TENANT = 'none';

export interface InfrastructureRequest extends InfrastructureSubject {
  /**
   * The environment with which the tenant plane starts. For an enrolled plane,
   * this is its current environment. Otherwise, a new install bundle is issued,
   * the previous one is revoked, and the new `env` is returned. Contains secrets.
   */
  openEnvironment(): Promise<Readonly<Record<string, string>>>;
}

export interface Infrastructure {
  readonly endpointUrl: string;
  readonly dbUrl: Secret;
}

/** One part of the infrastructure that a driver creates for a plane. */
export type InfrastructurePart = 'record' | 'database' | 'role' | 'process' | 'state';

/** What a driver finds when it inspects the infrastructure of one plane. */
export interface InspectedInfrastructure {
  readonly tenantPlaneId: string;
  /** The parts that are missing or changed, each with a message that tells operators what to do. */
  readonly faults: Readonly<Partial<Record<InfrastructurePart, string>>>;
  /** The addresses that the Control Plane's rows should contain; null if the driver does not know them. */
  readonly made: Infrastructure | null;
}

/** An object that a driver found. Its name follows the driver's naming scheme. */
export interface FoundThing {
  /** Kind and name, for example `database atlas_acme_0a1b2c3d`. */
  readonly id: string;
  readonly name: string;
  /** Set if the object belongs to none of the driver's planes, despite its name. */
  readonly isStray?: boolean;
}

/** Runs `work` in a transaction that commits only if the worker still holds the job's lease. */
export type FencedWrite = <T>(work: (manager: EntityManager) => Promise<T>) => Promise<T>;

/**
 * Creates and removes the infrastructure of dedicated tenants. Both operations
 * are idempotent and can be repeated after a crash at any point. A failure that
 * requires a person to act is thrown as a StepFailure that says what to do.
 */
export abstract class InfrastructureDriver {
  /** The value of INFRASTRUCTURE_DRIVER. */
  abstract readonly name: DriverName;

  /**
   * Whether what the driver creates depends on the tenant, for example on its slug. If so, `create` is called
   * again once a tenant has taken the plane from the warm pool.
   */
  readonly namesTenant: boolean = false;

  /** Describes what would be created, for operators, without changing anything. */
  abstract plan(subject: InfrastructureSubject): Promise<readonly string[]>;
  /**
   * Creates what is missing. Replaces a tenant plane that has a different version or
   * environment. The manual driver returns null until a person has created the infrastructure.
   */
  abstract create(request: InfrastructureRequest, write: FencedWrite): Promise<Infrastructure | null>;
  /**
   * Removes the infrastructure, if any exists. Call `requireTracked` first. The driver calls `write`
   * before it removes anything, so that the caller can still refuse the removal in that transaction.
   */
  abstract destroy(subject: InfrastructureSubject, write: FencedWrite): Promise<void>;

  /**
   * Throws a StepFailure if the driver has lost track of what it may have created for this
   * plane. Without this check, `create` would make a duplicate, and `destroy` would find nothing to remove.
   */
  async requireTracked(_subject: InfrastructureSubject): Promise<void> {
    // By default, a driver tracks nothing, so it cannot lose track of anything.
  }
  /**
   * Makes the driver stop tracking a destroyed plane. Call this after recording that nothing is left.
   * In the opposite order, a crash in between would look as if the driver had lost track of the plane.
   */
  async forget(_subject: InfrastructureSubject): Promise<void> {
    // By default, a driver tracks nothing.
  }

  /** Checks whether the infrastructure that was created still exists. Changes nothing. */
  async inspect(_subjects: readonly InfrastructureSubject[]): Promise<readonly InspectedInfrastructure[]> {
    return [];
  }
  /**
   * Repairs a part that `inspect` found faulty, if no data
   * can be lost. Returns false if a person must repair it.
   */
  async mend(
    _manager: EntityManager,
    _subject: InfrastructureSubject,
    _part: InfrastructurePart,
  ): Promise<boolean> {
    return false;
  }
  /** Lists, in pages, all objects whose names follow this driver's naming scheme. */
  async *things(): AsyncIterable<readonly FoundThing[]> {
    // By default, a driver cannot list anything.
  }
}
