import { hostname } from 'node:os';
import { type DeploymentModel, profileOf, resolveDeploymentModel } from '@atlas/deployment-profiles';
import { databaseTarget, databaseTargetProblem } from '@atlas/persistence';
import { MAX_ENDPOINT_URL } from '@atlas/plane-contract';
import {
  Checked,
  IsLongSecret,
  IsPortNumber,
  IsSecret,
  IsSwitch,
  NoDefaultInProduction,
  PlaneConfig,
  Secret,
  type SecretText,
  isPlainHttp,
  passwordInUrl,
  revealed,
} from '@atlas/platform';
import { parseCredential } from '@atlas/service-auth';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsUrl,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { productionDatabaseProblem } from './production-database';

const HTTP_URL = { require_tld: false, protocols: ['http', 'https'], require_protocol: true };

/** All variables that the Tenant Plane reads. They are described in `.env.example`. */
export class TenantPlaneConfig extends PlaneConfig {
  @IsPortNumber()
  PORT: number = 4200;

  @IsOptional()
  @Checked('deploymentModel', deploymentModelProblem)
  ATLAS_TP_DEPLOYMENT?: string;

  @IsOptional()
  @Checked('deploymentModel', deploymentModelProblem)
  TP_DEPLOYMENT_MODE?: string;

  @IsSecret()
  @Checked('databaseUrl', databaseTargetProblem)
  @NoDefaultInProduction(passwordInUrl)
  @Checked('production', productionProblem)
  TENANT_PLANE_DATABASE_URL: Secret = new Secret('data/tenant-plane.db');

  @ValidateIf(
    (config: TenantPlaneConfig) =>
      needsOwner(config) || config.TENANT_PLANE_MIGRATION_DATABASE_URL !== undefined,
  )
  @IsSecret()
  @Checked('owner', ownerProblem)
  @NoDefaultInProduction(passwordInUrl)
  TENANT_PLANE_MIGRATION_DATABASE_URL?: Secret;

  /** The maximum number of Postgres connections per process. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(1000)
  TENANT_PLANE_DATABASE_POOL_SIZE: number = 10;

  @ValidateIf((config: TenantPlaneConfig) => !config.isOffline || config.CONTROL_PLANE_BASE_URL !== undefined)
  @IsUrl(HTTP_URL, {
    message: '$property must be the http(s) URL of the Control Plane (or set ATLAS_OFFLINE_MODE=1)',
  })
  @Checked('transport', (value) =>
    isPlainHttp(value) ? 'must be https unless it points to this machine' : null,
  )
  CONTROL_PLANE_BASE_URL?: string;

  @ValidateIf((config: TenantPlaneConfig) => !config.isOffline)
  @IsSecret()
  @Checked('secretLength', (value) =>
    value.length < 32
      ? "must be the secret from the install bundle, or the Control Plane's own (at least 32 characters)"
      : null,
  )
  @Checked('secretForm', (value) =>
    value.startsWith('ats_') && !parseCredential('ats', value)
      ? 'was not pasted completely: its checksum does not match'
      : null,
  )
  @NoDefaultInProduction()
  INTERNAL_SERVICE_SECRET?: Secret;

  /**
   * The previous secret, needed to decrypt what this plane sealed before the secret was changed or rotated.
   */
  @IsOptional()
  @IsLongSecret(32)
  @Checked('rotation', (value, { INTERNAL_SERVICE_SECRET: current }: TenantPlaneConfig) =>
    current !== undefined && !current.equals(value) ? null : 'must differ from INTERNAL_SERVICE_SECRET',
  )
  INTERNAL_SERVICE_SECRET_PREVIOUS?: Secret;

  /** Consumed by the enrolment, and ignored on later starts. */
  @IsOptional()
  @IsSecret()
  @IsNotEmpty()
  ATLAS_PROVISIONING_TOKEN?: Secret;

  /**
   * The PEM file of a private CA, which Node reads at startup. Used here only in the advice that failed
   * checks give.
   */
  @IsOptional()
  @IsNotEmpty()
  NODE_EXTRA_CA_CERTS?: string;

  /** Tenants are reached at `<slug>.<TENANT_BASE_DOMAIN>`. */
  @IsNotEmpty()
  TENANT_BASE_DOMAIN: string = 'localhost:4200';

  /**
   * This plane's address, as reported to the Control Plane. Defaults to the address that the plane listens
   * on.
   */
  @IsOptional()
  @IsUrl(HTTP_URL)
  @MaxLength(MAX_ENDPOINT_URL)
  @Checked('transport', (value, config: TenantPlaneConfig) =>
    config.isProduction && isPlainHttp(value) ? 'must be https in production' : null,
  )
  TENANT_PLANE_PUBLIC_URL?: string;

  @IsSwitch()
  @IsBoolean()
  ATLAS_OFFLINE_MODE: boolean = false;

  @IsSwitch()
  @IsBoolean()
  ATLASAI_OFFLINE_MODE: boolean = false;

  /** If the deployment model allows it, lets the tenant's admin register while the tenant has no user. */
  @IsSwitch()
  @IsBoolean()
  ATLAS_ALLOW_REGISTER: boolean = false;

  /** Undefined if the operating system chooses the port, because the port is then not known in advance. */
  get endpointUrl(): string | undefined {
    const { TENANT_PLANE_PUBLIC_URL: told, HOST, PORT } = this;
    return told ?? (PORT === 0 ? undefined : `http://${HOST === '0.0.0.0' ? hostname() : HOST}:${PORT}`);
  }

  /** Whether either of the two offline-mode variables forbids calls to the Control Plane. */
  get isOffline(): boolean {
    return this.ATLAS_OFFLINE_MODE || this.ATLASAI_OFFLINE_MODE;
  }

  /** The model that the environment names. If undefined, the Control Plane decides. */
  get deploymentModel(): DeploymentModel | undefined {
    const resolved = resolveDeploymentModel(this);
    return 'model' in resolved ? resolved.model : undefined;
  }
}

function deploymentModelProblem(_: string, config: TenantPlaneConfig): string | null {
  const resolved = resolveDeploymentModel(config);
  return resolved.problem === undefined ? null : `is not usable: ${resolved.problem}`;
}

/** If the environment does not name the model, the database is checked again once the model is known. */
function productionProblem(value: string, config: TenantPlaneConfig): string | null {
  const model = config.deploymentModel;
  if (model === undefined || databaseTargetProblem(value) !== null) return null;
  return productionDatabaseProblem(config, model);
}

/**
 * A shared plane on Postgres serves requests with a role that owns nothing, so another role must run
 * migrations.
 */
function needsOwner(config: TenantPlaneConfig): boolean {
  const { tenantFixed } = profileOf(config.deploymentModel ?? 'shared');
  return isPostgres(config.TENANT_PLANE_DATABASE_URL) && !tenantFixed;
}

function ownerProblem(value: string, config: TenantPlaneConfig): string | null {
  if (!isPostgres(value)) return 'must be the postgres:// URL of the owner of the schema';
  return isPostgres(config.TENANT_PLANE_DATABASE_URL)
    ? null
    : 'is for Postgres only, but TENANT_PLANE_DATABASE_URL is not a postgres:// URL';
}

function isPostgres(setting: SecretText): boolean {
  return databaseTargetProblem(revealed(setting)) === null && databaseTarget(setting).driver === 'postgres';
}
