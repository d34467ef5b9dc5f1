import { ApiProperty, Optional } from '@atlas/platform';
import { DEPLOYMENT_MODELS, type DeploymentModel, PLANS, type Plan } from '@atlas/tenancy';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsString,
  Length,
  Matches,
  IsEmail,
  IsObject,
  ValidateNested,
  IsInt,
  Min,
  Max,
} from 'class-validator';
import { MAX_TOKEN_SECONDS } from '../../enrolment/provisioning-tokens';
import { IsSlug } from '../../tenants/is-slug';

export class TenantDatabaseDto {
  @ApiProperty({ required: false, enum: ['postgres', 'sqlite'] })
  @Optional()
  @IsIn(['postgres', 'sqlite'])
  driver?: 'postgres' | 'sqlite';
}

export class ProvisionTenantDto {
  @ApiProperty({ example: 'Acme Corp' })
  @IsString()
  @Length(1, 100)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  @ApiProperty({ required: false, example: 'acme', description: 'Derived from the name when left out' })
  @Optional()
  @IsSlug()
  slug?: string;

  @ApiProperty({ enum: DEPLOYMENT_MODELS })
  @IsIn(DEPLOYMENT_MODELS)
  deployment_model: DeploymentModel;

  @ApiProperty({ format: 'email' })
  @IsEmail()
  admin_email: string;

  @ApiProperty({ required: false, enum: PLANS, default: 'core' })
  @Optional()
  @IsIn(PLANS)
  plan: Plan = 'core';

  @ApiProperty({ required: false, example: 'eu' })
  @Optional()
  @IsString()
  @Length(1, 40)
  region?: string;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 100)
  po_number?: string;

  @ApiProperty({ required: false, type: TenantDatabaseDto })
  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => TenantDatabaseDto)
  database?: TenantDatabaseDto;

  @ApiProperty({ required: false })
  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
}
