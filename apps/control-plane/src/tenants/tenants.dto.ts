import { ApiProperty, Optional, PageQuery } from '@atlas/platform';
import { DEPLOYMENT_MODELS, type DeploymentModel, PLANS, type Plan, TENANT_STATUSES } from '@atlas/tenancy';
import { IsIn, IsObject, IsString, Length, Matches, ValidateBy } from 'class-validator';

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

/** Settings that only provisioning sets. */
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
      'Merged into the current settings, key by key; null removes a key (RFC 7396). At most 10,000 ' +
      'characters of JSON in all',
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
  return fixed ? `must not change ${fixed}, which is fixed when the tenant is provisioned` : null;
}
