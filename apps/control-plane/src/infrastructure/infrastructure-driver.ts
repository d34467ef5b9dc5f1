import { type DatabaseDriver } from '@atlas/persistence';
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
   * What the tenant plane is started with to enrol and to be trusted: the `env` of a new install bundle, which revokes the
   * one before, or what an enrolled plane goes on with. Holds secrets.
   */
  openEnvironment(): Promise<Readonly<Record<string, string>>>;
}

export interface Infrastructure {
  readonly endpointUrl: string;
  /** A secret. */
  readonly dbUrl: string;
}

/** A transaction that only the worker commits which holds the job: one that was overtaken writes nothing. */
export type FencedWrite = <T>(work: (manager: EntityManager) => Promise<T>) => Promise<T>;

/**
 * Creates and removes the infrastructure of dedicated tenants. Both may be called again after a crash at any point, with
 * whatever half of it there is. Failures that a person must mend are thrown as a StepFailure that says so.
 */
export abstract class InfrastructureDriver {
  /** What would be created, for people. Changes nothing. */
  abstract plan(subject: InfrastructureSubject): Promise<readonly string[]>;
  /**
   * Makes what is missing and brings the rest up to date: a tenant plane of another version or environment is replaced.
   * Null while a person has to make it.
   */
  abstract create(request: InfrastructureRequest, write: FencedWrite): Promise<Infrastructure | null>;
  /** Removes what is there, and never needs any of it to exist. */
  abstract destroy(subject: InfrastructureSubject, write: FencedWrite): Promise<void>;
}
