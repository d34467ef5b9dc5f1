import { type DeploymentModel } from '@atlas/tenancy';
import { type LifecycleOperation } from './lifecycle';
import { type OutageContract } from './outage-contract';
import { type PlannedFeature } from './planned-feature';

/** Who runs something, or has a duty. */
type Party = 'atlas' | 'customer';

export const DATABASE_DRIVERS = ['postgres', 'sqlite'] as const;

type DatabaseDriver = (typeof DATABASE_DRIVERS)[number];

export const HINT_KINDS = ['residency', 'connectivity', 'backup'] as const;

/** A reminder that operators of one model see in their workspace; `doc` is a path at the plane that serves the hint. */
export interface DeploymentHint {
  readonly kind: (typeof HINT_KINDS)[number];
  readonly text: string;
  readonly doc: string;
}

interface ProfileHint extends DeploymentHint {
  /** What joins the text once that is built. Nobody is served it before. */
  readonly later?: { readonly text: string; readonly awaits: PlannedFeature };
}

/** The parts of a profile that may speak of what is not built yet. */
type ProfileText =
  'controlPlaneRelation' | 'dataResidency' | 'backupDuty' | 'provisioning' | 'outageContract';

/** A variable of the tenant plane that matters in a model. */
export interface EnvironmentVariable {
  readonly name: string;
  /** `online`: unless ATLAS_OFFLINE_MODE=1; `to_enrol`: until enrolled; `on_postgres`: with a Postgres URL. */
  readonly required: 'online' | 'to_enrol' | 'on_postgres' | 'optional';
  readonly text: string;
}

interface DatabaseFacts {
  readonly allowed: readonly DatabaseDriver[];
  /** The drivers of `allowed` on which Atlas supports production. */
  readonly allowedInProduction: readonly DatabaseDriver[];
  readonly recommended: DatabaseDriver;
  /** `shared`: the rows of many tenants, told apart by `tenant_id`; `isolated`: one tenant's alone. */
  readonly isolation: 'shared' | 'isolated';
  readonly text: string;
}

/** Everything that differs between deployment models: code asks the profile, never the name of the model. */
export interface DeploymentProfile {
  readonly model: DeploymentModel;
  readonly title: string;
  readonly bestFor: string;
  readonly runBy: { readonly tenantPlane: Party; readonly controlPlane: 'atlas'; readonly text: string };
  /** What the Control Plane is to a tenant of this model. */
  readonly controlPlaneRelation: string;
  readonly databases: DatabaseFacts;
  /** Where incident, CMDB and automation data live, and in whose hands. */
  readonly dataResidency: { readonly heldBy: Party; readonly text: string };
  readonly backupDuty: { readonly who: readonly Party[]; readonly text: string };
  /** How a tenant comes to exist; `steps` are names of steps in the Control Plane, in order. */
  readonly provisioning: { readonly text: string; readonly steps: readonly string[] };
  /**
   * The steps of what may happen to a tenant afterwards, by operation; `move` is the move to this model, `remove_copy` what
   * is done to the copy that a tenant of this model has moved away from.
   */
  readonly lifecycle: Readonly<Record<LifecycleOperation, readonly string[]>>;
  /** Whether the customer has to install a tenant plane, so that provisioning hands out an install bundle. */
  readonly installRequired: boolean;
  /** Whether `POST /api/auth/register` may be opened at all. */
  readonly selfRegistrationAllowed: boolean;
  /** Whether a tenant plane may enrol by two files and never call: whether it is whole without the Control Plane. */
  readonly offlineEnrolmentAllowed: boolean;
  /** Whether a tenant plane serves this one tenant only, so that a request need not name it. */
  readonly tenantFixed: boolean;
  readonly aiRouting: 'control_plane' | 'control_plane_if_admin_allows';
  /** `doc` as in a hint. */
  readonly guide: { readonly title: string; readonly doc: string };
  readonly hints: readonly ProfileHint[];
  readonly environment: readonly EnvironmentVariable[];
  readonly outageContract: OutageContract;
  /** Which parts speak of what is not built yet: kept as the customer words them, to be served to nobody before. */
  readonly awaits: Readonly<Partial<Record<ProfileText, readonly PlannedFeature[]>>>;
}
