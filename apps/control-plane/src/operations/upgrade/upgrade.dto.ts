import { ApiProperty, Optional } from '@atlas/platform';
import { type DeploymentModel } from '@atlas/tenancy';
import { Matches, IsIn, IsString, Length, IsInt, Min, Max } from 'class-validator';
import { VERSION_PATTERN } from '../../config/version-policy';

const VERSION_RULE = { message: 'version must be like 1.2.3' };

export class UpgradePlaneDto {
  @ApiProperty({ required: false, example: '1.2.3', description: 'Defaults to TENANT_PLANE_VERSION' })
  @Optional()
  @Matches(VERSION_PATTERN, VERSION_RULE)
  version?: string;
}

export class UpgradeWaveDto extends UpgradePlaneDto {
  @ApiProperty({ required: false, enum: ['dedicated'], default: 'dedicated' })
  @Optional()
  @IsIn(['dedicated'])
  deployment_model: DeploymentModel = 'dedicated';

  @ApiProperty({ required: false, description: 'Only planes in this region' })
  @Optional()
  @IsString()
  @Length(1, 40)
  region?: string;

  @ApiProperty({
    required: false,
    default: 5,
    description: 'How many planes to upgrade at once, after the first, which is upgraded alone',
  })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(50)
  batch_size: number = 5;

  @ApiProperty({ required: false, default: 0, description: 'The wave stops if more upgrades than this fail' })
  @Optional()
  @IsInt()
  @Min(0)
  @Max(1000)
  max_failures: number = 0;
}
