import { VERSION_PATTERN } from '@atlas/operator-api';
import { join, resolve } from 'node:path';
import {
  type DatabaseDriver,
  databaseTarget,
  databaseTargetProblem,
  parseSealingKeys,
} from '@atlas/persistence';
import {
  Checked,
  IsLongSecret,
  IsPortNumber,
  IsSecret,
  IsSwitch,
  NoDefaultInProduction,
  PlaneConfig,
  Secret,
  isPlainHttp,
  issuerProblem,
  passwordInUrl,
} from '@atlas/platform';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsNotEmpty, IsOptional, IsUrl, Max, Min, ValidateIf } from 'class-validator';
import { DRIVER_NAMES, type DriverName } from './driver-names';
import { AI_PROVIDER_NAMES, type AiProviderName } from './provider-names';
import { CONTROL_PLANE_VERSION, versionProblem } from './version-policy';

const PUBLIC_URL = { require_tld: false, protocols: ['http', 'https'], require_protocol: true };

/** Every variable that the Control Plane reads. `.env.example` describes them. */
export class ControlPlaneConfig extends PlaneConfig {
  @IsPortNumber()
  PORT: number = 4100;

  @IsSecret()
  @Checked('databaseUrl', databaseTargetProblem)
  @NoDefaultInProduction(passwordInUrl)
  @Checked('production', sqliteProblem)
  CONTROL_PLANE_DATABASE_URL: Secret = new Secret('data/control-plane.db');

  @IsOptional()
  @IsSecret()
  @Checked('databaseUrl', databaseTargetProblem)
  @NoDefaultInProduction(passwordInUrl)
  CONTROL_PLANE_MIGRATION_DATABASE_URL?: Secret;

  @IsUrl(PUBLIC_URL, { message: '$property must be the http(s) URL that tenant planes use' })
  @Checked('transport', (value, config: ControlPlaneConfig) =>
    config.isProduction && isPlainHttp(value) ? 'must be https in production' : null,
  )
  CONTROL_PLANE_PUBLIC_URL: string = 'http://127.0.0.1:4100';

  @IsSecret()
  @Checked('sealingKeys', sealingKeysProblem)
  CONTROL_PLANE_SEALING_KEYS: Secret;

  /** Tenants are planned below it: `https://<slug>.<TENANT_BASE_DOMAIN>`. */
  @IsNotEmpty()
  TENANT_BASE_DOMAIN: string = 'localhost:4200';

  /** The one secret that shared cells registered with `secret: "platform"` have in common with us. */
  @IsOptional()
  @IsLongSecret(32)
  @NoDefaultInProduction()
  INTERNAL_SERVICE_SECRET?: Secret;

  /** The one before, accepted as well while it is changed. */
  @IsOptional()
  @IsLongSecret(32)
  @Checked('rotation', (value, { INTERNAL_SERVICE_SECRET: current }: ControlPlaneConfig) =>
    current !== undefined && !current.equals(value)
      ? null
      : 'must be another one than INTERNAL_SERVICE_SECRET',
  )
  INTERNAL_SERVICE_SECRET_PREVIOUS?: Secret;

  /** Nobody signs up, though mail is sent. */
  @IsSwitch()
  @IsBoolean()
  SIGNUP_CLOSED: boolean = false;
  /** The OpenID provider that operators may sign in by. Unset: by password only. */
  @ValidateIf(
    (config: ControlPlaneConfig) =>
      config.OPERATOR_OIDC_ISSUER !== undefined || config.OPERATOR_OIDC_CLIENT_ID !== undefined,
  )
  @Checked('issuer', issuerProblem)
  OPERATOR_OIDC_ISSUER?: string;

  /** How that provider knows us. */
  @ValidateIf((config: ControlPlaneConfig) => config.OPERATOR_OIDC_ISSUER !== undefined)
  @IsNotEmpty({ message: '$property is required with OPERATOR_OIDC_ISSUER' })
  OPERATOR_OIDC_CLIENT_ID?: string;

  /** A secret. Unset: we are a public client, with PKCE alone. */
  @IsOptional()
  @IsSecret()
  @IsNotEmpty()
  @NoDefaultInProduction()
  OPERATOR_OIDC_CLIENT_SECRET?: Secret;

  /** A dedicated tenant needs a purchase order number. */
  @Transform(({ value }) => value === true || value === '1' || value === 'true')
  @IsBoolean()
  REQUIRE_PURCHASE_ORDER: boolean = false;

  /** Who creates the infrastructure of dedicated tenants; unset: `local`, in production `manual`. */
  @IsOptional()
  @IsIn(DRIVER_NAMES)
  @Checked('driver', (value, config: ControlPlaneConfig) =>
    value === 'local' && config.isProduction ? 'local is for development and CI' : null,
  )
  INFRASTRUCTURE_DRIVER?: DriverName;

  /** What kind of API answers the tenants' AI questions. */
  @IsIn(AI_PROVIDER_NAMES)
  AI_PROVIDER: AiProviderName = 'openai_compatible';

  /** `<this>/chat/completions` is called. Unset: there is no AI. */
  @IsOptional()
  @IsUrl(PUBLIC_URL)
  @Checked('transport', (value, config: ControlPlaneConfig) =>
    config.isProduction && isPlainHttp(value) ? 'must be https in production' : null,
  )
  AI_PROVIDER_BASE_URL?: string;

  /** A secret. Unset: the provider asks for none. */
  @IsOptional()
  @IsSecret()
  @Checked('header', (value) =>
    /^[\x21-\x7e]+$/.test(value) ? null : 'must be one word of visible characters',
  )
  AI_PROVIDER_API_KEY?: Secret;

  /** The model of questions that name none. */
  @ValidateIf((config: ControlPlaneConfig) => config.AI_PROVIDER_BASE_URL !== undefined)
  @IsNotEmpty({ message: '$property must name the model to use (required with AI_PROVIDER_BASE_URL)' })
  AI_PROVIDER_MODEL?: string;

  /** The longest silence of the provider: until it begins to answer, and between two parts of a stream. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(100)
  @Max(240_000)
  AI_PROVIDER_TIMEOUT_MS: number = 60_000;

  /** How long the copy that a tenant moved away from is kept, in days. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  MOVE_KEEP_DAYS: number = 7;

  /** How long a move's target has to catch up with the changes that follow the rows, in minutes. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(7 * 24 * 60)
  MOVE_CATCH_UP_MINUTES: number = 30;

  /** How long a tenant that was deprovisioned can be brought back, in days. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  RESTORE_WINDOW_DAYS: number = 30;

  /** How long the operators' own backups of databases are kept, in days: certificates of deletion name it. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  DATABASE_BACKUP_DAYS: number = 35;

  /** A rotation revokes the old secret of a tenant plane once nothing was signed with it for this long. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  SECRET_ROTATION_QUIET_SECONDS: number = 600;

  /**
   * What new dedicated tenants run, and what upgrades bring
   * that name no version; unset: the Control Plane's own.
   */
  @IsOptional()
  @Checked('version', (value) => (VERSION_PATTERN.test(value) ? versionProblem(value) : 'must be like 1.2.3'))
  TENANT_PLANE_VERSION?: string;

  /** How long a tenant plane has to get well in another version before it goes back to the one before. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  UPGRADE_HEALTHY_SECONDS: number = 300;

  /**
   * A drift between rows and what is there is found within this
   * time; a look begins every three quarters of it. 0: never.
   */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  @Max(24 * 3600)
  RECONCILE_INTERVAL_SECONDS: number = 60;

  /** Where the local driver keeps its tenant planes' logs and SQLite files. */
  @IsNotEmpty()
  LOCAL_DRIVER_DIR: string = 'data/dedicated';

  /**
   * The server, as superuser, on which the local driver
   * creates databases. `{slug}` in it names a server a tenant.
   */
  @IsOptional()
  @IsSecret()
  @Checked('databaseUrl', postgresUrlProblem)
  LOCAL_DRIVER_POSTGRES_URL?: Secret;

  /**
   * The folder of the built Tenant Plane that the local driver starts; `{version}` in it names a folder a
   * version. Unset: the one beside this app.
   */
  @IsOptional()
  @IsNotEmpty()
  LOCAL_DRIVER_TENANT_PLANE?: string;

  /** The Terraform module that makes the infrastructure of one tenant. */
  @IsNotEmpty()
  TERRAFORM_MODULE_DIR: string = 'docker/terraform/aws-ecs';

  /**
   * Where each tenant has its Terraform working directory, and
   * its state unless TERRAFORM_BACKEND_FILE says otherwise.
   */
  @IsNotEmpty()
  TERRAFORM_WORK_DIR: string = 'data/terraform';

  /** Values of the module's variables that are the same for every tenant (.tfvars or .tfvars.json). */
  @IsOptional()
  @IsNotEmpty()
  TERRAFORM_VARIABLES_FILE?: string;

  /** A .tf file with a backend block, to keep the state elsewhere. `{name}` in it names the tenant's own. */
  @IsOptional()
  @IsNotEmpty()
  TERRAFORM_BACKEND_FILE?: string;

  /** How long one run of Terraform may take, waiting for the state's lock included. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(24 * 60)
  TERRAFORM_TIMEOUT_MINUTES: number = 60;

  /** `<fault point>:<kill|throw|fail|pause>`: tests break the plane there. Refused in production. */
  @IsOptional()
  @Checked('faultPoint', (_, config: ControlPlaneConfig) =>
    config.isProduction ? 'is for tests, never in production' : null,
  )
  ATLAS_FAULT_POINT?: string;

  get infrastructureDriver(): DriverName {
    return this.INFRASTRUCTURE_DRIVER ?? (this.isProduction ? 'manual' : 'local');
  }

  get tenantPlaneVersion(): string {
    return this.TENANT_PLANE_VERSION ?? CONTROL_PLANE_VERSION;
  }

  /** Where the local driver has that version of the built Tenant Plane. */
  tenantPlaneApp(version: string | null): string {
    const folder = this.LOCAL_DRIVER_TENANT_PLANE ?? join(__dirname, '../tenant-plane');
    return resolve(folder.replaceAll('{version}', version ?? this.tenantPlaneVersion));
  }

  /** What dedicated tenants get when they are asked for without naming a database. */
  get dedicatedDatabase(): DatabaseDriver {
    const isSmall = this.infrastructureDriver === 'local' && this.LOCAL_DRIVER_POSTGRES_URL === undefined;
    return isSmall ? 'sqlite' : 'postgres';
  }
}

/** Replicas, and what every tenant's lifecycle rests on: not one file on one disk. */
function sqliteProblem(value: string, { isProduction }: ControlPlaneConfig): string | null {
  if (!isProduction || databaseTargetProblem(value) !== null) return null;
  return databaseTarget(value).driver === 'postgres'
    ? null
    : 'must be a postgres:// URL in production: SQLite is for development';
}

function postgresUrlProblem(value: string): string | null {
  const url = value.replaceAll('{slug}', 'slug');
  return /^postgres(ql)?:/.test(value) ? databaseTargetProblem(url) : 'must be a postgres:// URL';
}

const LEAST_DIFFERENT_BYTES = 16;

function sealingKeysProblem(value: string, { isProduction }: ControlPlaneConfig): string | null {
  try {
    const isRandom = parseSealingKeys(value).every(({ key }) => new Set(key).size >= LEAST_DIFFERENT_BYTES);
    return isRandom || !isProduction ? null : 'must be random: openssl rand -base64 32';
  } catch (error) {
    return `must be <id>:<base64 of 32 bytes>[,...]: ${(error as Error).message}`;
  }
}
