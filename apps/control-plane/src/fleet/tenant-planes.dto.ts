import { ApiProperty, Optional, NumberInText, PageQuery } from '@atlas/platform';
import { DEPLOYMENT_MODELS, type DeploymentModel } from '@atlas/tenancy';
import { IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { MAX_TOKEN_SECONDS } from '../enrolment/provisioning-tokens';
import { HEALTH_CLASSES, type HealthClass } from '../registry/health-class';
import {
  type SecretMode,
  TENANT_PLANE_STATUSES,
  type TenantPlaneStatus,
} from '../registry/tenant-plane.entity';

/** The largest page of the fleet, and the default. Most fleets fit on one page. */
const MAX_FLEET_PAGE = 500;

export class RegisterTenantPlaneDto {
  @ApiProperty({ example: 'eu-1' })
  @IsString()
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/, { message: 'name must be 1 to 63 of a-z 0-9 -' })
  name: string;

  @ApiProperty({ example: 'eu' })
  @IsString()
  @Length(1, 40)
  region: string;

  @ApiProperty({ description: 'Maximum number of tenants' })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  capacity: number;

  @ApiProperty({ required: false, enum: ['own', 'platform'], default: 'own' })
  @Optional()
  @IsIn(['own', 'platform'])
  secret: SecretMode = 'own';

  @ApiProperty({ required: false, description: 'Lifetime of the provisioning token in seconds' })
  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
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
