import { join, resolve } from 'node:path';
import { AI_PROVIDER_KINDS, type AiProviderKind, VERSION_PATTERN } from '@atlas/operator-api';
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
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsUrl,
  Length,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { CONTROL_PLANE_VERSION, versionProblem } from './version-policy';

const PUBLIC_URL = { require_tld: false, protocols: ['http', 'https'], require_protocol: true };

/** The infrastructure drivers. Their settings follow below. */
export const DRIVER_NAMES = ['local', 'terraform', 'manual'] as const;
export type DriverName = (typeof DRIVER_NAMES)[number];

/** The environment variables that the Control Plane reads. `.env.example` describes them. */
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

  /** Planned URLs have the form `https://<slug>.<TENANT_BASE_DOMAIN>`. */
  @IsNotEmpty()
  TENANT_BASE_DOMAIN: string = 'localhost:4200';

  /** The secret that the Control Plane shares with the cells registered with `secret: "platform"`. */
  @IsOptional()
  @IsLongSecret(32)
  @NoDefaultInProduction()
  INTERNAL_SERVICE_SECRET?: Secret;

  /** The previous secret, which is still accepted during a rotation. */
  @IsOptional()
  @IsLongSecret(32)
  @Checked('rotation', (value, { INTERNAL_SERVICE_SECRET: current }: ControlPlaneConfig) =>
    current !== undefined && !current.equals(value)
      ? null
      : 'must differ from INTERNAL_SERVICE_SECRET, which must also be set',
  )
  INTERNAL_SERVICE_SECRET_PREVIOUS?: Secret;

  /** Disables self-service sign-up even if email is configured. */
  @IsSwitch()
  @IsBoolean()
  SIGNUP_CLOSED: boolean = false;
  /** The OpenID provider that operators may sign in through. Unset: password sign-in only. */
  @ValidateIf(
    (config: ControlPlaneConfig) =>
      config.OPERATOR_OIDC_ISSUER !== undefined || config.OPERATOR_OIDC_CLIENT_ID !== undefined,
  )
  @Checked('issuer', issuerProblem)
  OPERATOR_OIDC_ISSUER?: string;

  /** This Control Plane's client id at the OpenID provider. */
  @ValidateIf((config: ControlPlaneConfig) => config.OPERATOR_OIDC_ISSUER !== undefined)
  @IsNotEmpty({ message: '$property is required with OPERATOR_OIDC_ISSUER' })
  OPERATOR_OIDC_CLIENT_ID?: string;

  /**
   * The client secret at the OpenID provider. Unset: the
   * Control Plane is a public client that relies on PKCE.
   */
  @IsOptional()
  @IsSecret()
  @IsNotEmpty()
  @NoDefaultInProduction()
  OPERATOR_OIDC_CLIENT_SECRET?: Secret;

  /** Requires a purchase order number for dedicated tenants. */
  @Transform(({ value }) => value === true || value === '1' || value === 'true')
  @IsBoolean()
  REQUIRE_PURCHASE_ORDER: boolean = false;

  /**
   * The driver that creates the infrastructure of dedicated
   * tenants. Unset: `manual` in production, otherwise `local`.
   */
  @IsOptional()
  @IsIn(DRIVER_NAMES)
  @Checked('driver', (value, config: ControlPlaneConfig) =>
    value === 'local' && config.isProduction ? 'local is for development and CI only' : null,
  )
  INFRASTRUCTURE_DRIVER?: DriverName;

  /** The kind of the AI provider that is used while none is enabled in the database. */
  @IsIn(AI_PROVIDER_KINDS)
  AI_PROVIDER: AiProviderKind = 'openai_compatible';

  /** The gateway calls `<this>/chat/completions` or `<this>/v1/messages`. Unset: no such provider. */
  @IsOptional()
  @IsUrl(PUBLIC_URL)
  @Checked('transport', (value, config: ControlPlaneConfig) =>
    config.isProduction && isPlainHttp(value) ? 'must be https in production' : null,
  )
  AI_PROVIDER_BASE_URL?: string;

  /** The API key for the AI provider. Unset: requests are sent without one. */
  @IsOptional()
  @IsSecret()
  @Checked('header', (value) =>
    /^[\x21-\x7e]+$/.test(value) ? null : 'must consist of visible ASCII characters, without spaces',
  )
  AI_PROVIDER_API_KEY?: Secret;

  /** The model for questions that do not name one. */
  @ValidateIf((config: ControlPlaneConfig) => config.AI_PROVIDER_BASE_URL !== undefined)
  @IsNotEmpty({ message: '$property must name the model to use (required with AI_PROVIDER_BASE_URL)' })
  AI_PROVIDER_MODEL?: string;

  /**
   * How many tokens its models may use for thinking, in addition to the limit of a question. 0 if the limit
   * covers thinking too.
   */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  @Max(100_000)
  AI_PROVIDER_REASONING_TOKENS: number = 0;

  /**
   * How long an AI provider may stay silent between two parts of a stream, and before the first part unless
   * AI_FIRST_TOKEN_TIMEOUT_MS is set.
   */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(100)
  @Max(240_000)
  AI_PROVIDER_TIMEOUT_MS: number = 60_000;

  /** How long an AI provider may take to begin its answer, whether the caller wants a stream or not. */
  @IsOptional()
  @Transform(({ value }) => (value === undefined ? undefined : Number(value)))
  @IsInt()
  @Min(100)
  @Max(240_000)
  AI_FIRST_TOKEN_TIMEOUT_MS?: number;

  /** How long a connection to an AI provider may take, including TLS. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(100)
  @Max(60_000)
  AI_CONNECT_TIMEOUT_MS: number = 5000;

  /** How long a question and its whole answer may take, with all attempts. Tenant planes wait 120 s. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(100)
  @Max(290_000)
  AI_TOTAL_TIMEOUT_MS: number = 110_000;

  /** How many questions one process asks one AI provider at a time. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(10_000)
  AI_MAX_CALLS_PER_PROVIDER: number = 100;

  /**
   * How many questions of one tenant a process answers at a time. Unset: a fifth of
   * AI_MAX_CALLS_PER_PROVIDER.
   */
  @IsOptional()
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(10_000)
  AI_MAX_CALLS_PER_TENANT?: number;

  /** How long a caller may leave an answer unread before it is disconnected. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(100)
  @Max(45_000)
  AI_CALLER_TIMEOUT_MS: number = 30_000;

  /** After how many failures in a row a process leaves an AI provider alone. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(1000)
  AI_BREAKER_FAILURES: number = 5;

  /** How long a process leaves a failing AI provider alone before it tries a single question. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(100)
  @Max(3_600_000)
  AI_BREAKER_COOL_DOWN_MS: number = 30_000;

  /** How long a tenant's old copy is kept after a move, in days. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  MOVE_KEEP_DAYS: number = 7;

  /** How long the target of a move may take to catch up with writes made during the copy, in minutes. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(7 * 24 * 60)
  MOVE_CATCH_UP_MINUTES: number = 30;

  /** How long a deprovisioned tenant can be restored, in days. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  RESTORE_WINDOW_DAYS: number = 30;

  /** How long operators keep their own database backups, in days. Deletion certificates state this. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  DATABASE_BACKUP_DAYS: number = 35;

  /** A rotation revokes a tenant plane's old secret once nothing has been signed with it for this long. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  SECRET_ROTATION_QUIET_SECONDS: number = 600;

  /**
   * The version of new dedicated planes, and of upgrades
   * that do not name one. Unset: the Control Plane's own.
   */
  @IsOptional()
  @Checked('version', (value) => (VERSION_PATTERN.test(value) ? versionProblem(value) : 'must be like 1.2.3'))
  TENANT_PLANE_VERSION?: string;

  /** How long an upgraded tenant plane may take to become healthy before it is rolled back. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  UPGRADE_HEALTHY_SECONDS: number = 300;

  /**
   * A drift that a change in the database shows is found within this time, because
   * checks start at intervals of three quarters of this time. 0: no checks.
   */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  @Max(24 * 3600)
  RECONCILE_INTERVAL_SECONDS: number = 60;

  /**
   * Sends webhooks to any address, over http as well, so that a receiver on this machine can be tried out.
   * Refused in production, where only https addresses on the internet are called.
   */
  @IsOptional()
  @Checked('production', (_, config: ControlPlaneConfig) =>
    config.isProduction && config.webhooksToAnyAddress
      ? 'is for development only and is refused in production'
      : null,
  )
  WEBHOOKS_TO_ANY_ADDRESS?: string;

  /** How many planes are kept ready for dedicated tenants. Each has a database of its own. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(0)
  @Max(100)
  @Checked('pool', poolProblem)
  DEDICATED_POOL_SIZE: number = 0;

  /** The region of the planes that are kept ready. Unset: the infrastructure driver's own. */
  @IsOptional()
  @Length(1, 40)
  DEDICATED_POOL_REGION?: string;

  /** Where the local driver keeps the logs and SQLite files of its tenant planes. */
  @IsNotEmpty()
  LOCAL_DRIVER_DIR: string = 'data/dedicated';

  /**
   * A superuser's URL for the server on which the local driver creates
   * databases. With `{slug}` in the URL, each tenant has its own server.
   */
  @IsOptional()
  @IsSecret()
  @Checked('databaseUrl', postgresUrlProblem)
  LOCAL_DRIVER_POSTGRES_URL?: Secret;

  /**
   * The folder of the Tenant Plane build that the local driver starts. With `{version}`
   * in the path, each version has its own folder. Unset: the folder next to this app.
   */
  @IsOptional()
  @IsNotEmpty()
  LOCAL_DRIVER_TENANT_PLANE?: string;

  /** The Terraform module that creates one tenant's infrastructure. */
  @IsNotEmpty()
  TERRAFORM_MODULE_DIR: string = 'docker/terraform/aws-ecs';

  /**
   * The folder for the tenants' Terraform working directories.
   * They contain the state unless TERRAFORM_BACKEND_FILE is set.
   */
  @IsNotEmpty()
  TERRAFORM_WORK_DIR: string = 'data/terraform';

  /** Values of the module's variables that are the same for every tenant (.tfvars or .tfvars.json). */
  @IsOptional()
  @IsNotEmpty()
  TERRAFORM_VARIABLES_FILE?: string;

  /**
   * A .tf file with a backend block that keeps the state elsewhere. `{name}`
   * in the file stands for the name of the tenant's infrastructure.
   */
  @IsOptional()
  @IsNotEmpty()
  TERRAFORM_BACKEND_FILE?: string;

  /** How long one run of Terraform may take, including the wait for the state's lock. */
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(24 * 60)
  TERRAFORM_TIMEOUT_MINUTES: number = 60;

  /**
   * `<fault point>:<kill|throw|fail|pause>`: where and how
   * tests make the Control Plane fail. Refused in production.
   */
  @IsOptional()
  @Checked('faultPoint', (_, config: ControlPlaneConfig) =>
    config.isProduction ? 'is for tests only and is refused in production' : null,
  )
  ATLAS_FAULT_POINT?: string;

  get webhooksToAnyAddress(): boolean {
    return ['1', 'true'].includes(this.WEBHOOKS_TO_ANY_ADDRESS ?? '');
  }

  get infrastructureDriver(): DriverName {
    return this.INFRASTRUCTURE_DRIVER ?? (this.isProduction ? 'manual' : 'local');
  }

  get aiCallsPerTenant(): number {
    return this.AI_MAX_CALLS_PER_TENANT ?? Math.ceil(this.AI_MAX_CALLS_PER_PROVIDER / 5);
  }

  get tenantPlaneVersion(): string {
    return this.TENANT_PLANE_VERSION ?? CONTROL_PLANE_VERSION;
  }

  /** The folder with this version's build of the Tenant Plane, for the local driver. */
  tenantPlaneApp(version: string | null): string {
    const folder = this.LOCAL_DRIVER_TENANT_PLANE ?? join(__dirname, '../tenant-plane');
    return resolve(folder.replaceAll('{version}', version ?? this.tenantPlaneVersion));
  }

  /** The kind of database for dedicated tenants whose order does not specify one. */
  get dedicatedDatabase(): DatabaseDriver {
    const isSmall = this.infrastructureDriver === 'local' && this.LOCAL_DRIVER_POSTGRES_URL === undefined;
    return isSmall ? 'sqlite' : 'postgres';
  }
}

/**
 * SQLite is refused in production, because it allows only
 * one process and keeps all tenants in one file on one disk.
 */
function sqliteProblem(value: string, { isProduction }: ControlPlaneConfig): string | null {
  if (!isProduction || databaseTargetProblem(value) !== null) return null;
  return databaseTarget(value).driver === 'postgres'
    ? null
    : 'must be a postgres:// URL in production: SQLite is for development only';
}

/** Why no planes can be kept ready with these settings, or null if they can. */
function poolProblem(value: string, config: ControlPlaneConfig): string | null {
  if (value === '0') return null;
  if (config.infrastructureDriver === 'manual')
    return 'must be 0 with INFRASTRUCTURE_DRIVER=manual, because a person creates each plane';
  if (config.LOCAL_DRIVER_POSTGRES_URL?.reveal().includes('{slug}'))
    return 'must be 0 with {slug} in LOCAL_DRIVER_POSTGRES_URL, because the tenants are not known yet';
  return null;
}

function postgresUrlProblem(value: string): string | null {
  const url = value.replaceAll('{slug}', 'slug');
  return /^postgres(ql)?:/.test(value) ? databaseTargetProblem(url) : 'must be a postgres:// URL';
}

const LEAST_DIFFERENT_BYTES = 16;

function sealingKeysProblem(value: string, { isProduction }: ControlPlaneConfig): string | null {
  try {
    const isRandom = parseSealingKeys(value).every(({ key }) => new Set(key).size >= LEAST_DIFFERENT_BYTES);
    return isRandom || !isProduction ? null : 'must be random: use openssl rand -base64 32';
  } catch (error) {
    return `must be <id>:<base64 of 32 bytes>[,...]: ${(error as Error).message}`;
  }
}
