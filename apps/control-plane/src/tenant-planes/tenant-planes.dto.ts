import { ROTATION_MODES, type RotationMode } from '@atlas/deployment-profiles';
import { ApiProperty, Optional, NumberInText, PageQuery } from '@atlas/platform';
import { MAX_WAIT_SECONDS } from '@atlas/plane-contract';
import { DEPLOYMENT_MODELS, type DeploymentModel } from '@atlas/tenancy';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, IsUUID, Length, Matches, Max, Min } from 'class-validator';
import { HEALTH_CLASSES, type HealthClass } from './fleet';
import { MAX_TOKEN_SECONDS } from './provisioning-tokens';
import { type SecretMode, TENANT_PLANE_STATUSES, type TenantPlaneStatus } from './tenant-plane.entity';
import { VERSION_PATTERN } from './version-policy';

/** How many planes the fleet shows on one page: for most, all of them. */
const MAX_FLEET_PAGE = 500;

const VERSION_RULE = { message: 'version must be like 1.2.3' };

export class RegisterTenantPlaneDto {
  @ApiProperty({ example: 'eu-1' })
  @IsString()
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/, { message: 'name must be 1 to 63 of a-z 0-9 -' })
  name: string;

  @ApiProperty({ example: 'eu' })
  @IsString()
  @Length(1, 40)
  region: string;

  @ApiProperty({ description: 'How many tenants it may hold' })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  capacity: number;

  @ApiProperty({ required: false, enum: ['own', 'platform'], default: 'own' })
  @Optional()
  @IsIn(['own', 'platform'])
  secret: SecretMode = 'own';

  @ApiProperty({ required: false, description: 'Seconds that the provisioning token stays valid' })
  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
}

export class IssueTokenDto {
  @ApiProperty({ required: false, description: 'Seconds that the provisioning token stays valid' })
  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
}

export class RotateSecretDto {
  @ApiProperty({
    enum: ROTATION_MODES,
    description: '`compromised` refuses the old secret at once and answers with a new install bundle',
  })
  @IsIn(ROTATION_MODES)
  mode: RotationMode;
}

export class UpgradePlaneDto {
  @ApiProperty({ required: false, example: '1.2.3', description: 'Left out: TENANT_PLANE_VERSION' })
  @Optional()
  @Matches(VERSION_PATTERN, VERSION_RULE)
  version?: string;
}

export class UpgradeWaveDto extends UpgradePlaneDto {
  @ApiProperty({ required: false, enum: ['dedicated'], default: 'dedicated' })
  @Optional()
  @IsIn(['dedicated'])
  deployment_model: DeploymentModel = 'dedicated';

  @ApiProperty({ required: false, description: 'Only planes of this region' })
  @Optional()
  @IsString()
  @Length(1, 40)
  region?: string;

  @ApiProperty({
    required: false,
    default: 5,
    description: 'How many at once, after the first, which goes alone',
  })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(50)
  batch_size: number = 5;

  @ApiProperty({ required: false, default: 0, description: 'The wave stops when more have failed' })
  @Optional()
  @IsInt()
  @Min(0)
  @Max(1000)
  max_failures: number = 0;
}

/** The fleet, oldest first. */
export class ListTenantPlanesQuery extends PageQuery {
  @ApiProperty({ required: false, default: MAX_FLEET_PAGE })
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(1)
  @Max(MAX_FLEET_PAGE)
  override limit: number = MAX_FLEET_PAGE;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 63)
  name?: string;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 40)
  version?: string;

  @ApiProperty({ required: false, enum: DEPLOYMENT_MODELS })
  @Optional()
  @IsIn(DEPLOYMENT_MODELS)
  deployment_model?: DeploymentModel;

  @ApiProperty({ required: false, enum: TENANT_PLANE_STATUSES })
  @Optional()
  @IsIn(TENANT_PLANE_STATUSES)
  status?: TenantPlaneStatus;

  @ApiProperty({ required: false, enum: HEALTH_CLASSES })
  @Optional()
  @IsIn(HEALTH_CLASSES)
  health?: HealthClass;
}

/** Which plane calls, when the key does not say so (the platform secret). */
export class SelfQuery {
  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @IsUUID()
  tenant_plane_id?: string;
}

/** A long poll. */
class WaitingQuery extends SelfQuery {
  @ApiProperty({ required: false, description: 'Seconds to wait for what is asked for' })
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(0)
  @Max(MAX_WAIT_SECONDS)
  wait: number = 0;
}

export class DesiredStateQuery extends WaitingQuery {
  @ApiProperty({ required: false, description: 'The revision that the plane has' })
  @Optional()
  @IsString()
  @Length(1, 100)
  since?: string;
}

export class TransferPartQuery extends WaitingQuery {
  @ApiProperty({
    description:
      'A name that the plane chooses for this import. An import that starts over has a new name, which sorts behind those before',
  })
  @IsString()
  @Length(1, 100)
  importer: string;

  @ApiProperty({ required: false, description: 'The attempt that the plane has begun to import' })
  @Optional()
  @IsString()
  @Length(1, 100)
  attempt?: string;
}

export class TransferProgressQuery extends WaitingQuery {
  @ApiProperty({ description: 'How many parts the plane waits for the target to have imported' })
  @NumberInText()
  @IsInt()
  @Min(0)
  count: number;
}

const SWITCH = new Map([
  ['true', true],
  ['1', true],
  ['', true],
  ['false', false],
  ['0', false],
]);

export class DryRunQuery {
  @ApiProperty({ required: false })
  @Optional()
  // Whatever else it says is refused: nobody who asks for a rehearsal may get the real thing.
  @Transform(({ value }: { value: unknown }) => SWITCH.get(String(value)) ?? value)
  @IsBoolean()
  dry_run: boolean = false;
}
