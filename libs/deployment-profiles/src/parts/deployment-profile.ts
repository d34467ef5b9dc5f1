import { deepFreeze } from './deep-freeze';
import { type EgressClass } from './egress';
import { type LifecycleOperation } from './lifecycle';
import { type OutageContract } from './outage-contract';

/** The party that runs something or is responsible for it. */
type Party = 'atlas' | 'customer';

export const DATABASE_DRIVERS = ['postgres', 'sqlite'] as const;

type DatabaseDriver = (typeof DATABASE_DRIVERS)[number];

export const HINT_KINDS = ['residency', 'connectivity', 'backup'] as const;

/**
 * A reminder that operators of one model see in their workspace. `doc` is a path on the plane that serves the
 * hint.
 */
export interface DeploymentHint {
  readonly kind: (typeof HINT_KINDS)[number];
  readonly text: string;
  readonly doc: string;
}

/** What users of a tenant read about each kind of hint, in every model. */
export const HINT_GUIDES: Readonly<Record<DeploymentHint['kind'], string>> = {
  residency: '/help/workspace#where-the-data-is',
  connectivity: '/help/workspace#what-connects-to-it',
  backup: '/help/workspace#who-makes-backups',
};

/** An environment variable of a tenant plane that matters in a model. */
export interface EnvironmentVariable {
  readonly name: string;
  /**
   * When the variable is required. `online`: unless ATLAS_OFFLINE_MODE=1. `to_enrol`: until the plane has
   * enrolled. `on_postgres`: with a Postgres URL.
   */
  readonly required: 'online' | 'to_enrol' | 'on_postgres' | 'optional';
  readonly text: string;
}

interface DatabaseFacts {
  readonly allowed: readonly DatabaseDriver[];
  /** The drivers in `allowed` that Atlas supports in production. */
  readonly allowedInProduction: readonly DatabaseDriver[];
  readonly recommended: DatabaseDriver;
  /** `shared`: rows of many tenants, distinguished by `tenant_id`; `isolated`: one tenant only. */
  readonly isolation: 'shared' | 'isolated';
  readonly text: string;
}

/** Everything that differs between deployment models. Code checks the profile, never the model's name. */
export interface DeploymentProfile<Model extends string = string> {
  readonly model: Model;
  readonly title: string;
  readonly bestFor: string;
  readonly runBy: { readonly tenantPlane: Party; readonly controlPlane: 'atlas'; readonly text: string };
  /** The role of the Control Plane for a tenant of this model. */
  readonly controlPlaneRelation: string;
  readonly databases: DatabaseFacts;
  /** Where incident, CMDB and automation data are stored, and by whom. */
  readonly dataResidency: { readonly heldBy: Party; readonly text: string };
  readonly backupDuty: { readonly who: readonly Party[]; readonly text: string };
  /** How a tenant is created. `steps` names the Control Plane's steps, in order. */
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
   * Whether a tenant plane may enrol through two files and never call the Control Plane. Requires a model
   * whose planes work fully without the Control Plane.
   */
  readonly offlineEnrolmentAllowed: boolean;
  /** Whether a tenant plane serves only one tenant, so that a request need not name the tenant. */
  readonly tenantFixed: boolean;
  /** Whether Atlas creates, and pays for, a tenant plane and a database for each tenant. */
  readonly infrastructureCreated: boolean;
  /**
   * The addresses that a tenant may have its tenant plane call. `public`: only addresses on the internet,
   * because the plane is in Atlas's network; `any`: also those of the customer's network.
   */
  readonly outboundAddresses: 'public' | 'any';
  readonly aiRouting: 'control_plane' | 'control_plane_if_admin_allows';
  /** What may leave a tenant plane, and where it goes. The plane refuses everything else. */
  readonly egress: readonly EgressClass[];
  /** `doc` is a path, as in a hint. */
  readonly guide: { readonly title: string; readonly doc: string };
  readonly hints: readonly Omit<DeploymentHint, 'doc'>[];
  readonly environment: readonly EnvironmentVariable[];
  readonly outageContract: OutageContract;
}

/** Defines the profile of one model. */
export function profileWith<Model extends string>(facts: DeploymentProfile<Model>): DeploymentProfile<Model> {
  return deepFreeze(facts);
}
