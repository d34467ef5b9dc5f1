import { type DatabaseDriver } from '@atlas/persistence';
import { type Secret } from '@atlas/platform';
import { type EntityManager } from 'typeorm';

/** One tenant's own infrastructure: a database, and a tenant plane on it. */
export interface InfrastructureSubject {
  readonly tenantId: string;
  readonly slug: string;
  readonly tenantPlaneId: string;
  readonly region: string | null;
  readonly database: DatabaseDriver;
  /** Of the tenant plane, where one was asked for. */
  readonly version: string | null;
}

export interface InfrastructureRequest extends InfrastructureSubject {
  /**
   * What the tenant plane is started with to enrol and to be trusted: the `env` of a new install bundle,
   * which revokes the one before, or what an enrolled plane goes on with. Holds secrets.
   */
  openEnvironment(): Promise<Readonly<Record<string, string>>>;
}

export interface Infrastructure {
  readonly endpointUrl: string;
  /** A secret. */
  readonly dbUrl: Secret;
}

/** A part of what a driver makes for one plane. */
export type InfrastructurePart = 'record' | 'database' | 'role' | 'process' | 'state';

/** What a driver finds of what it made for one plane. */
export interface InspectedInfrastructure {
  readonly tenantPlaneId: string;
  /** What is not there as it was made: what to do, for people. */
  readonly faults: Readonly<Partial<Record<InfrastructurePart, string>>>;
  /** What the rows should say; null where the driver does not know. */
  readonly made: Infrastructure | null;
}

/** Something that a driver found, named as what it makes is named. */
export interface FoundThing {
  /** What and which: `database atlas_acme_0a1b2c3d`. */
  readonly id: string;
  readonly name: string;
  /** None of its planes', whatever the name says. */
  readonly isStray?: boolean;
}

/** A transaction that only the worker commits which holds the job: one that was overtaken writes nothing. */
export type FencedWrite = <T>(work: (manager: EntityManager) => Promise<T>) => Promise<T>;

/**
 * Creates and removes the infrastructure of dedicated tenants. Both may be
 * called again after a crash at any point, with whatever half of it there is.
 * Failures that a person must mend are thrown as a StepFailure that says so.
 */
export abstract class InfrastructureDriver {
  /** What would be created, for people. Changes nothing. */
  abstract plan(subject: InfrastructureSubject): Promise<readonly string[]>;
  /**
   * Makes what is missing and brings the rest up to date: a tenant plane of another version or environment is
   * replaced. Null while a person has to make it.
   */
  abstract create(request: InfrastructureRequest, write: FencedWrite): Promise<Infrastructure | null>;
  /**
   * Removes what is there, and never needs any of it to exist. `requireTracked` is called first. The driver
   * writes before it removes anything, so a caller may refuse in that transaction.
   */
  abstract destroy(subject: InfrastructureSubject, write: FencedWrite): Promise<void>;

  /**
   * Throws a StepFailure if the driver has lost track of what it may have made for this plane: `create` would
   * make it a second time, and `destroy` would find nothing to remove.
   */
  async requireTracked(_subject: InfrastructureSubject): Promise<void> {
    // A driver that keeps no track of its own cannot lose it.
  }
  /**
   * Drops what the driver tracks for a plane that it has destroyed. Call
   * it after the plane's record says that nothing is left. In the opposite
   * order, a crash in between would look as if the driver had lost track.
   */
  async forget(_subject: InfrastructureSubject): Promise<void> {
    // As above.
  }

  /**
   * Looks whether what was made for these is there still. Says nothing of what it can't see. Changes nothing.
   */
  async inspect(_subjects: readonly InfrastructureSubject[]): Promise<readonly InspectedInfrastructure[]> {
    return [];
  }
  /** Brings back a part that `inspect` found faulty, if that loses nothing; false: a person has to. */
  async mend(
    _manager: EntityManager,
    _subject: InfrastructureSubject,
    _part: InfrastructurePart,
  ): Promise<boolean> {
    return false;
  }
  /** All that is named as this driver names things, in pages. */
  async *things(): AsyncIterable<readonly FoundThing[]> {
    // Nothing where it can't look.
  }
}
