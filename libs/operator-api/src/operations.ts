import {
  CREATED_MODELS,
  DEPLOYMENT_MODELS,
  type DeploymentModel,
  ROTATION_MODES,
  type RotationMode,
} from '@atlas/deployment-profiles';
import { type DryRunQuery, Optional } from '@atlas/platform';
import { PLANS, type Plan } from '@atlas/tenancy';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsSlug } from './is-slug';
import { type JobView } from './jobs';
import { type InstallBundle, MAX_TOKEN_SECONDS } from './provisioning-tokens';
import { type TenantPlaneView } from './tenant-planes';
import { type TenantView } from './tenants';
import { VERSION_PATTERN } from './version-pattern';

/** Operations that start a job. With `dry_run`, they return the plan instead. */
export interface OperationsApi {
  /** Provision a tenant */
  'POST /api/tenants/provision': OnTenant<ProvisionTenantDto>;
  /** Suspend a tenant, so that its users are refused */
  'POST /api/tenants/:id/suspend': OnTenant<SuspendTenantDto>;
  /** Resume a suspended tenant */
  'POST /api/tenants/:id/resume': OnTenant;
  /** Move a tenant to another deployment model or another cell */
  'POST /api/tenants/:id/move': OnTenant<MoveTenantDto>;
  /** Deprovision a tenant: back it up and remove it; it can be restored for a while */
  'POST /api/tenants/:id/deprovision': OnTenant<DeprovisionTenantDto>;
  /** Restore a deprovisioned tenant from its backup */
  'POST /api/tenants/:id/restore': OnTenant;
  /** Rotate the service secret of a tenant plane */
  'POST /api/tenant-planes/:id/rotate-secret': OnPlane<RotateSecretDto>;
  /** Upgrade a tenant plane that Atlas runs */
  'POST /api/tenant-planes/:id/upgrade': OnPlane<UpgradePlaneDto>;
  /** Upgrade many tenant planes in waves */
  'POST /api/tenant-planes/upgrades': {
    query: DryRunQuery;
    body: UpgradeWaveDto;
    200: PlanView;
    202: { job: JobView };
  };
  /** Drain a cell: accept no more tenants, and move its tenants to other cells */
  'POST /api/tenant-planes/:id/drain': OnPlane;
  /** Let a drained cell accept tenants again */
  'POST /api/tenant-planes/:id/reopen': { 200: { tenant_plane: TenantPlaneView } };
}

interface OnTenant<Body = undefined> {
  query: DryRunQuery;
  body: Body;
  200: PlanView;
  202: AcceptedForTenant;
}

interface OnPlane<Body = undefined> {
  query: DryRunQuery;
  body: Body;
  200: PlanView;
  202: AcceptedForPlane;
}

export interface PlannedStep {
  readonly name: string;
  readonly description: string;
  readonly creates: readonly string[];
}

/** What an operation would do: the response to `dry_run`. */
export interface PlanView {
  readonly plan: {
    readonly steps: readonly PlannedStep[];
    readonly install_required: boolean;
    /** The tenant to provision. `url` is null until the customer's plane has enrolled. */
    readonly tenant?: Pick<TenantView, 'slug' | 'url'>;
    /**
     * The cell that would get the tenant now. If the request does not name a cell, the job may choose another
     * one.
     */
    readonly cell?: Pick<TenantPlaneView, 'id' | 'name'>;
    /** For how many days a deprovisioned tenant can be restored. 0 if it is removed for good at once. */
    readonly restorable_days?: number;
    /** The versions before and after an upgrade. */
    readonly from?: string | null;
    readonly to?: unknown;
    /** For an upgrade wave: the number of tenant planes, and the batches. */
    readonly total?: number;
    readonly waves?: readonly (readonly Pick<TenantPlaneView, 'id' | 'name' | 'version' | 'region'>[])[];
    /** The number of tenants in the cell to drain. */
    readonly tenants?: number;
  };
}

/** `install` is shown only once. In a replayed response, it is null if the bundle has been used. */
export interface AcceptedForTenant {
  readonly tenant: TenantView;
  readonly job: JobView;
  readonly install?: InstallBundle | null;
}

/** Like {@link AcceptedForTenant}. */
export interface AcceptedForPlane {
  readonly tenant_plane: TenantPlaneView;
  readonly job: JobView;
  readonly install?: InstallBundle | null;
}

export class TenantDatabaseDto {
  @Optional()
  @IsIn(['postgres', 'sqlite'])
  driver?: 'postgres' | 'sqlite';
}

export class ProvisionTenantDto {
  /** @example Acme Corp */
  @IsString()
  @Length(1, 100)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  /**
   * Derived from the name when left out.
   * @example acme
   */
  @Optional()
  @IsSlug()
  slug?: string;

  @IsIn(DEPLOYMENT_MODELS)
  deployment_model: DeploymentModel;

  @IsEmail()
  admin_email: string;

  @Optional()
  @IsIn(PLANS)
  plan: Plan = 'core';

  /** @example eu */
  @Optional()
  @IsString()
  @Length(1, 40)
  region?: string;

  @Optional()
  @IsString()
  @Length(1, 100)
  po_number?: string;

  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => TenantDatabaseDto)
  database?: TenantDatabaseDto;

  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
}

export class SuspendTenantDto {
  /** For the audit trail. Operators also see it with the tenant until it is resumed. */
  @Optional()
  @IsString()
  @Length(1, 500)
  reason?: string;
}

export class MoveTenantDto {
  @IsIn(DEPLOYMENT_MODELS)
  deployment_model: DeploymentModel;

  /** For `shared`: the target cell. */
  @Optional()
  @IsUUID()
  tenant_plane_id?: string;
}

export class DeprovisionTenantDto {
  /**
   * The tenant's slug, to confirm the removal.
   * @example acme
   */
  @IsString()
  @Length(1, 100)
  confirm_slug: string;

  /** For the audit trail. */
  @Optional()
  @IsString()
  @Length(1, 500)
  reason?: string;

  /**
   * Removes the tenant without a backup. Accepted only if the tenant's home has lost the moved rows and no
   * other tenant plane has them.
   */
  @Optional()
  @IsBoolean()
  accept_data_loss?: boolean;
}

export class RotateSecretDto {
  /** `compromised` refuses the old secret at once and returns a new install bundle. */
  @IsIn(ROTATION_MODES)
  mode: RotationMode;
}

const VERSION_RULE = { message: 'version must have the form 1.2.3' };

export class UpgradePlaneDto {
  /**
   * Defaults to TENANT_PLANE_VERSION.
   * @example 1.2.3
   */
  @Optional()
  @Matches(VERSION_PATTERN, VERSION_RULE)
  version?: string;
}

export class UpgradeWaveDto extends UpgradePlaneDto {
  @Optional()
  @IsIn(CREATED_MODELS)
  deployment_model: (typeof CREATED_MODELS)[number] = 'dedicated';

  /** Only planes in this region. */
  @Optional()
  @IsString()
  @Length(1, 40)
  region?: string;

  /** How many planes to upgrade at once. The first plane is upgraded alone. */
  @Optional()
  @IsInt()
  @Min(1)
  @Max(50)
  batch_size: number = 5;

  /** The wave stops if more upgrades than this fail. */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(1000)
  max_failures: number = 0;
}
