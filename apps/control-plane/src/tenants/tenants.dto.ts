import { databaseTargetProblem } from '@atlas/persistence';
import { ApiProperty, Checked, Optional, PageQuery } from '@atlas/platform';
import {
  DEPLOYMENT_MODELS,
  type DeploymentModel,
  PLANS,
  type Plan,
  TENANT_STATUSES,
  slugProblem,
} from '@atlas/tenancy';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  IsUUID,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { MAX_TOKEN_SECONDS } from '../enrolment/provisioning-tokens';

export const IsSlug = (): PropertyDecorator =>
  ValidateBy({
    name: 'isSlug',
    validator: {
      validate: (value) => typeof value === 'string' && slugProblem(value) === null,
      defaultMessage: (args) => `slug: ${slugProblem(String(args?.value)) ?? 'use a text'}`,
    },
  });

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

export class ListTenantsQuery extends PageQuery {
  @ApiProperty({ required: false, enum: TENANT_STATUSES })
  @Optional()
  @IsIn(TENANT_STATUSES)
  status?: string;

  @ApiProperty({ required: false, enum: DEPLOYMENT_MODELS })
  @Optional()
  @IsIn(DEPLOYMENT_MODELS)
  deployment_model?: DeploymentModel;
}

export class RecordInfrastructureDto {
  @ApiProperty({ example: 'https://acme.eu.atlas.example', description: "The tenant plane's own address" })
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true })
  @Length(1, 2000)
  endpoint_url: string;

  @ApiProperty({ description: 'Where its database is: a postgres:// URL or a SQLite file. Kept sealed.' })
  @IsString()
  @Length(1, 2000)
  @Checked('databaseUrl', databaseTargetProblem)
  db_url: string;
}

export class MoveTenantDto {
  @ApiProperty({ enum: DEPLOYMENT_MODELS })
  @IsIn(DEPLOYMENT_MODELS)
  deployment_model: DeploymentModel;

  @ApiProperty({ required: false, format: 'uuid', description: 'With shared: which cell' })
  @Optional()
  @IsUUID()
  tenant_plane_id?: string;
}

export class DeprovisionTenantDto {
  @ApiProperty({ example: 'acme', description: "The tenant's slug, typed by who wants it gone" })
  @IsString()
  @Length(1, 100)
  confirm_slug: string;

  @ApiProperty({ required: false, description: 'For the audit trail' })
  @Optional()
  @IsString()
  @Length(1, 500)
  reason?: string;

  @ApiProperty({
    required: false,
    description:
      'Removes a tenant without a backup, once its home has lost the rows that it was moved with and no tenant plane keeps them. Refused otherwise',
  })
  @Optional()
  @IsBoolean()
  accept_data_loss?: boolean;
}

export class SuspendTenantDto {
  @ApiProperty({ required: false, description: 'For the audit trail' })
  @Optional()
  @IsString()
  @Length(1, 500)
  reason?: string;
}

/** Settings that operators do not set: what provisioning was asked for. */
const FIXED_SETTINGS = ['database_driver'];

export class UpdateTenantDto {
  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 100)
  @Matches(/\S/, { message: 'name must not be blank' })
  name?: string;

  @ApiProperty({ required: false, enum: PLANS })
  @Optional()
  @IsIn(PLANS)
  plan?: Plan;

  @ApiProperty({
    required: false,
    type: Object,
    description:
      'Merged into what is there, key by key; null removes a key (RFC 7396). 10,000 characters of JSON in all',
  })
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
  return fixed ? `must not change ${fixed}: it is what the tenant was provisioned with` : null;
}
