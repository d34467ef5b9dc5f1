import { DEPLOYMENT_MODELS, type DeploymentModel } from '@atlas/deployment-profiles';
import { databaseTargetProblem } from '@atlas/persistence';
import { type PublishedKey } from '@atlas/plane-contract';
import { Checked, Optional, type Page, PageQuery } from '@atlas/platform';
import { PLANS, type Plan, TENANT_STATUSES, type TenantStatus } from '@atlas/tenancy';
import { IsIn, IsObject, IsString, IsUrl, Length, Matches, ValidateBy } from 'class-validator';
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

/** Settings that only provisioning sets. */
const FIXED_SETTINGS = ['database_driver'];

export class UpdateTenantDto {
  @Optional()
  @IsString()
  @Length(1, 100)
  @Matches(/\S/, { message: 'name must not be blank' })
  name?: string;

  @Optional()
  @IsIn(PLANS)
  plan?: Plan;

  /**
   * Merged into the current settings, key by key; null removes a key (RFC 7396). At most 10,000 characters of
   * JSON in total.
   */
  @Optional()
  @IsObject()
  @ValidateBy({
    name: 'settings',
    validator: {
      validate: (value) => settingsProblem(value) === null,
      defaultMessage: (args) => `settings ${settingsProblem(args?.value)}`,
    },
  })
  settings?: Record<string, unknown>;
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
