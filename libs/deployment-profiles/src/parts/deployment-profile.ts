import { deepFreeze } from './deep-freeze';
import { type LifecycleOperation } from './lifecycle';
import { type OutageContract } from './outage-contract';
import { type PlannedFeature } from './planned-feature';

/** Who runs something, or is responsible for it. */
type Party = 'atlas' | 'customer';

export const DATABASE_DRIVERS = ['postgres', 'sqlite'] as const;

type DatabaseDriver = (typeof DATABASE_DRIVERS)[number];

export const HINT_KINDS = ['residency', 'connectivity', 'backup'] as const;

/**
 * A reminder shown to operators of one model in their workspace; `doc` is a path at the plane that serves the
 * hint.
 */
export interface DeploymentHint {
  readonly kind: (typeof HINT_KINDS)[number];
  readonly text: string;
  readonly doc: string;
}

interface ProfileHint extends DeploymentHint {
  /** Text to append once the feature is built; not served before. */
  readonly later?: { readonly text: string; readonly awaits: PlannedFeature };
}

/** The parts of a profile that may mention features not built yet. */
type ProfileText =
  'controlPlaneRelation' | 'dataResidency' | 'backupDuty' | 'provisioning' | 'outageContract';

/** A tenant plane variable that matters in a model. */
export interface EnvironmentVariable {
  readonly name: string;
  /**
   * `online`: unless ATLAS_OFFLINE_MODE=1; `to_enrol`: until enrolled; `on_postgres`: with a Postgres URL.
   */
  readonly required: 'online' | 'to_enrol' | 'on_postgres' | 'optional';
  readonly text: string;
}

interface DatabaseFacts {
  readonly allowed: readonly DatabaseDriver[];
  /** The drivers in `allowed` that Atlas supports in production. */
  readonly allowedInProduction: readonly DatabaseDriver[];
  readonly recommended: DatabaseDriver;
  /** `shared`: rows of many tenants, told apart by `tenant_id`; `isolated`: one tenant only. */
  readonly isolation: 'shared' | 'isolated';
  readonly text: string;
}

/** Everything that differs between deployment models: code asks the profile, never the name of the model. */
export interface DeploymentProfile<Model extends string = string> {
  readonly model: Model;
  readonly title: string;
  readonly bestFor: string;
  readonly runBy: { readonly tenantPlane: Party; readonly controlPlane: 'atlas'; readonly text: string };
  /** What the Control Plane is to a tenant of this model. */
  readonly controlPlaneRelation: string;
  readonly databases: DatabaseFacts;
  /** Where incident, CMDB and automation data live, and who holds them. */
  readonly dataResidency: { readonly heldBy: Party; readonly text: string };
  readonly backupDuty: { readonly who: readonly Party[]; readonly text: string };
  /** How a tenant is created; `steps` are names of steps in the Control Plane, in order. */
  readonly provisioning: { readonly text: string; readonly steps: readonly string[] };
  /**
   * The steps of each later operation. `move` moves a tenant to this model; `remove_copy` removes the copy of
   * a tenant that has moved away from this model.
   */
  readonly lifecycle: Readonly<Record<LifecycleOperation, readonly string[]>>;
  /** Whether the customer installs the tenant plane, so that provisioning returns an install bundle. */
  readonly installRequired: boolean;
  /** Whether `POST /api/auth/register` may be enabled at all. */
  readonly selfRegistrationAllowed: boolean;
  /**
   * Whether a tenant plane may enrol by two files and never call, because it is complete without the Control
   * Plane.
   */
  readonly offlineEnrolmentAllowed: boolean;
  /** Whether a tenant plane serves only this one tenant, so that a request need not name it. */
  readonly tenantFixed: boolean;
  /** Whether Atlas creates a tenant plane and a database for each tenant, which costs money. */
  readonly infrastructureCreated: boolean;
  readonly aiRouting: 'control_plane' | 'control_plane_if_admin_allows';
  /** `doc` is a path, as in a hint. */
  readonly guide: { readonly title: string; readonly doc: string };
  readonly hints: readonly ProfileHint[];
  readonly environment: readonly EnvironmentVariable[];
  readonly outageContract: OutageContract;
  /** Which parts mention features not built yet: kept in the customer's words, but not served until then. */
  readonly awaits: Readonly<Partial<Record<ProfileText, readonly PlannedFeature[]>>>;
}

/** Defines the profile of one model. */
export function profileWith<Model extends string>(facts: DeploymentProfile<Model>): DeploymentProfile<Model> {
  return deepFreeze(facts);
}
