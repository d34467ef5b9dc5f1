import { DEPLOYMENT_MODELS, type DeploymentModel } from '@atlas/deployment-profiles';
import { databaseTargetProblem } from '@atlas/persistence';
import { type BillingState, type PublishedKey } from '@atlas/plane-contract';
import { Checked, Optional, type Page, PageQuery } from '@atlas/platform';
import {
  LIMITS,
  type Limit,
  MODULE_KEYS,
  type Module,
  PLANS,
  type Plan,
  type PlanOverrides,
  TENANT_STATUSES,
  type TenantStatus,
} from '@atlas/tenancy';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsObject,
  IsString,
  IsUrl,
  Length,
  Matches,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { Type } from 'class-transformer';
import { type JWTPayload } from 'jose';
import { type InstallBundle, type IssueTokenDto, type TokenView } from './provisioning-tokens';

/** Tenants. Operations that change them with a job are in {@link OperationsApi}. */
export interface TenantsApi {
  /** List tenants, newest first */
  'GET /api/tenants': { query: ListTenantsQuery; 200: Page<TenantView> };
  /** Show a tenant */
  'GET /api/tenants/:id_or_slug': { 200: TenantView };
  /** Change a tenant's name, plan or settings */
  'PATCH /api/tenants/:id': { body: UpdateTenantDto; 200: TenantView };
  /** Create a link for the first admin to sign up */
  'POST /api/tenants/:id/signup-link': { 201: SignupLink };
  /** Show the signed certificate of a tenant's deletion */
  'GET /api/tenants/:id/deletion-certificate': { 200: CertificateView };
  /** Record where a tenant's own tenant plane and its database are */
  'PUT /api/tenants/:id/infrastructure': { body: RecordInfrastructureDto; 200: TenantView };
  /** Show a tenant's database URL, which is secret */
  'GET /api/tenants/:id/db-url': { 200: { db_url: string } };
  /** Issue a provisioning token for the tenant's own tenant plane */
  'POST /api/tenants/:id/provisioning-tokens': { body: IssueTokenDto; 201: { install: InstallBundle } };
  /** List the provisioning tokens of the tenant's own tenant plane */
  'GET /api/tenants/:id/provisioning-tokens': { 200: Page<TokenView> };
  /** Revoke a provisioning token */
  'DELETE /api/tenants/:id/provisioning-tokens/:token_id': { 204: undefined };
}

/** A tenant. Never contains its database URL. */
export interface TenantView {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly deployment_model: DeploymentModel;
  readonly status: TenantStatus;
  readonly plan: Plan;
  /** What was agreed with the tenant in addition to its plan. */
  readonly plan_overrides: PlanOverrides | null;
  readonly billing: BillingView;
  /** The newest lease. Null while there is no plane. */
  readonly lease: TenantLeaseView | null;
  readonly region: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly source: 'admin_ui' | 'signup' | 'api';
  readonly admin_email: string;
  readonly po_number: string | null;
  /** The address that users visit. It is planned before a tenant plane exists. */
  readonly url: string | null;
  /** The tenant plane's own address. */
  readonly endpoint_url: string | null;
  readonly has_db_url: boolean;
  readonly tenant_plane_id: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly active_at: Date | null;
  /** Null if it is not suspended, or has been since before this was recorded. */
  readonly suspended_at: Date | null;
  /** What the operator who suspended it entered. */
  readonly suspension_reason: string | null;
  /** The deadline for restoring a deprovisioned tenant. */
  readonly restorable_until: Date | null;
}

export interface BillingView {
  readonly state: BillingState;
  /** Since when a bill has been unpaid. */
  readonly past_due_since: Date | null;
  /** When the paid extras become read-only. */
  readonly read_only_from: Date | null;
}

export interface TenantLeaseView {
  readonly serial: number;
  readonly issued_at: Date;
  readonly expires_at: Date;
}

export interface SignupLink {
  readonly url: string;
  readonly token: string;
  readonly expires_at: string;
}

export interface CertificateView {
  /** A JWS (RFC 7515). */
  readonly certificate: string;
  readonly claims: JWTPayload;
  /** Left out if the Control Plane no longer has the key. */
  readonly public_key?: PublishedKey;
}

export class ListTenantsQuery extends PageQuery {
  @Optional()
  @IsIn(TENANT_STATUSES)
  status?: TenantStatus;

  @Optional()
  @IsIn(DEPLOYMENT_MODELS)
  deployment_model?: DeploymentModel;

  /** How the slug, the name or the first admin's email address begins. Case does not matter. */
  @Optional()
  @IsString()
  @Length(1, 100)
  q?: string;
}

const MAX_LIMIT = 1_000_000_000;
/** Settings that only provisioning sets. */
const FIXED_SETTINGS = ['database_driver'];

export class PlanOverridesDto {
  /** Limits that replace those of the plan. Whole numbers of at least 0. */
  @Optional()
  @IsObject()
  @WithoutProblem('limits', limitsProblem)
  limits?: Partial<Record<Limit, number>>;

  /** Modules that the tenant may use although its plan does not include them. */
  @Optional()
  @IsArray()
  @ArrayMaxSize(MODULE_KEYS.length)
  @IsIn(MODULE_KEYS, { each: true })
  modules?: Module[];
}

export class UpdateTenantDto {
  @Optional()
  @IsString()
  @Length(1, 100)
  @Matches(/\S/, { message: 'name must not be blank' })
  name?: string;

  @Optional()
  @IsIn(PLANS)
  plan?: Plan;

  /** Replaces what was agreed with the tenant in addition to its plan. Null removes it. */
  @Optional()
  @ValidateIf((_, value) => value !== null)
  @IsObject()
  @ValidateNested()
  @Type(() => PlanOverridesDto)
  plan_overrides?: PlanOverridesDto | null;

  /**
   * Merged into the current settings, key by key; null removes a key (RFC 7396). At most 10,000 characters of
   * JSON in total.
   */
  @Optional()
  @IsObject()
  @WithoutProblem('settings', settingsProblem)
  settings?: Record<string, unknown>;
}

/** Refuses a value if `problemOf` returns a problem, which completes a sentence that begins with `name`. */
function WithoutProblem(name: string, problemOf: (value: unknown) => string | null): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value) => problemOf(value) === null,
      defaultMessage: (args) => `${name} ${problemOf(args?.value)}`,
    },
  });
}

function limitsProblem(limits: unknown): string | null {
  for (const [key, value] of Object.entries(limits ?? {})) {
    if (!LIMITS.includes(key as Limit)) return `must not contain ${key}; the limits are ${LIMITS.join(', ')}`;
    if (!Number.isInteger(value) || value < 0 || value > MAX_LIMIT)
      return `must contain a whole number from 0 to ${MAX_LIMIT} as ${key}`;
  }
  return null;
}

function settingsProblem(value: unknown): string | null {
  const fixed = Object.keys(value ?? {}).find((key) => FIXED_SETTINGS.includes(key));
  return fixed ? `must not change ${fixed}, which is fixed when the tenant is provisioned` : null;
}

export class RecordInfrastructureDto {
  /**
   * The tenant plane's own address.
   * @example https://acme.eu.atlas.example
   */
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true })
  @Length(1, 2000)
  endpoint_url: string;

  /** The tenant plane's database: a postgres:// URL or a SQLite file. Stored sealed. */
  @IsString()
  @Length(1, 2000)
  @Checked('databaseUrl', databaseTargetProblem)
  db_url: string;
}
