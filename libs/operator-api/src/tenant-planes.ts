import { DEPLOYMENT_MODELS, type DeploymentModel } from '@atlas/deployment-profiles';
import {
  type EnrolAnswerFile,
  type EnrolRequestFile,
  type HealthStatus,
  type ReportedHealthCheck,
} from '@atlas/plane-contract';
import { NumberInText, Optional, type Page, PageQuery } from '@atlas/platform';
import { IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { type InstallBundle, type IssueTokenDto, MAX_TOKEN_SECONDS } from './provisioning-tokens';

export const TENANT_PLANE_STATUSES = ['expected', 'enrolled', 'retired'] as const;
export type TenantPlaneStatus = (typeof TENANT_PLANE_STATUSES)[number];

/** `unknown`: the plane is not enrolled, or sends no reports because it is air-gapped. */
export const HEALTH_CLASSES = ['online', 'offline', 'unknown'] as const;
export type HealthClass = (typeof HEALTH_CLASSES)[number];

/** Whether a plane signs with its own secret or with the platform's. */
export type SecretMode = 'own' | 'platform';

/** How a plane's version compares with the Control Plane's. `unsupported` planes keep serving. */
export type VersionClass = 'current' | 'behind' | 'unsupported';

/** The fleet. */
export interface TenantPlanesApi {
  /** Register a shared cell, which can then enrol */
  'POST /api/tenant-planes': { body: RegisterTenantPlaneDto; 201: RegisteredPlane };
  /** List tenant planes */
  'GET /api/tenant-planes': { query: ListTenantPlanesQuery; 200: Page<TenantPlaneView> };
  /** Show a tenant plane */
  'GET /api/tenant-planes/:id': { 200: TenantPlaneView };
  /** Decide which copy of a restored tenant plane counts; the others are outdated */
  'POST /api/tenant-planes/:id/keep-copy': { body: KeepCopyDto; 200: { tenant_plane: TenantPlaneView } };
  /** Issue a provisioning token for a tenant plane */
  'POST /api/tenant-planes/:id/provisioning-tokens': { body: IssueTokenDto; 201: { install: InstallBundle } };
  /** Show the newest version of tenant planes, and which planes run an older one */
  'GET /api/versions': { 200: VersionsView };
  /** Enrol a tenant plane that cannot reach the Control Plane, with its request file */
  'POST /api/tenant-planes/enroll-offline': { body: EnrolRequestFile; 200: EnrolAnswerFile };
}

/**
 * `pooled`: the plane is being prepared for the warm pool, waits there, or is being removed from it. `taken`:
 * a tenant has taken the plane from the pool.
 */
export type PoolState = 'pooled' | 'taken';

export interface VersionsView {
  readonly latest: string;
  /** The oldest version that works with this Control Plane. */
  readonly supported_from: string;
  /** The planes that have enrolled. */
  readonly planes: readonly PlaneVersionView[];
}

export interface PlaneVersionView {
  readonly tenant_plane_id: string;
  readonly version: string | null;
  /** Whether the version is older than the newest one. */
  readonly behind: boolean;
}

export interface TenantPlaneView {
  readonly id: string;
  readonly name: string;
  readonly deployment_model: DeploymentModel;
  readonly status: TenantPlaneStatus;
  readonly region: string | null;
  /** How many tenants the plane may have, and how many it has. */
  readonly capacity: number;
  readonly tenants: number;
  readonly accepts_tenants: boolean;
  /** Null for a plane that was not prepared for the warm pool. */
  readonly pool: PoolState | null;
  readonly secret: SecretMode;
  /** Null until the plane has enrolled. */
  readonly key_in_use: string | null;
  readonly keys: readonly KeyView[];
  readonly version: string | null;
  readonly version_class: VersionClass | null;
  /** Whether the version is newer than the Control Plane's, which is a reason for `unsupported`. */
  readonly version_is_newer: boolean;
  readonly release: string | null;
  readonly endpoint_url: string | null;
  readonly health: HealthClass;
  /** What the plane last reported about itself. */
  readonly health_status: HealthStatus | null;
  readonly health_checks: readonly ReportedHealthCheck[];
  /** Whether two installations report under this identity. */
  readonly identity_forked: boolean;
  /** The restore whose reports count. Null if the plane was never restored. */
  readonly incarnation: string | null;
  /** The copies that later restores have replaced, oldest first. */
  readonly replaced_copies: readonly ReplacedCopyView[];
  readonly revision: number;
  readonly revision_applied: string | null;
  readonly last_report_at: Date | null;
  readonly enrolled_at: Date | null;
  readonly created_at: Date;
}

export interface ReplacedCopyView {
  /** Null for the plane as it was installed. */
  readonly incarnation: string | null;
  readonly replaced_at: string;
  /** When the copy last reported, although it was replaced. */
  readonly reported_at: string | null;
}

/** A service key of a tenant plane, without its secret. */
export interface KeyView {
  readonly id: string;
  readonly role: 'current' | 'next';
  readonly created_at: Date;
  readonly last_used_at: Date | null;
}

export interface RegisteredPlane {
  readonly tenant_plane: TenantPlaneView;
  readonly install: InstallBundle;
}

/** The plane as it was installed, which no restore has made. */
export const ORIGINAL_COPY = 'original';

export class KeepCopyDto {
  /** The incarnation of the copy, or `original` for the plane as it was installed. */
  @IsString()
  @Matches(/^(original|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/, {
    message: 'copy must be original or an incarnation from replaced_copies',
  })
  copy: string;
}

/** The largest page of the fleet, and the default. Most fleets fit on one page. */
const MAX_FLEET_PAGE = 500;

export class RegisterTenantPlaneDto {
  /** @example eu-1 */
  @IsString()
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/, { message: 'name must be 1 to 63 characters from a-z, 0-9 and -' })
  name: string;

  /** @example eu */
  @IsString()
  @Length(1, 40)
  region: string;

  /** Maximum number of tenants. */
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  capacity: number;

  @Optional()
  @IsIn(['own', 'platform'])
  secret: SecretMode = 'own';

  /** Lifetime of the provisioning token in seconds. */
  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
}

/** The fleet, oldest first. */
export class ListTenantPlanesQuery extends PageQuery {
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(1)
  @Max(MAX_FLEET_PAGE)
  override limit: number = MAX_FLEET_PAGE;

  @Optional()
  @IsString()
  @Length(1, 63)
  name?: string;

  @Optional()
  @IsString()
  @Length(1, 40)
  version?: string;

  @Optional()
  @IsIn(DEPLOYMENT_MODELS)
  deployment_model?: DeploymentModel;

  @Optional()
  @IsIn(TENANT_PLANE_STATUSES)
  status?: TenantPlaneStatus;

  @Optional()
  @IsIn(HEALTH_CLASSES)
  health?: HealthClass;
}
