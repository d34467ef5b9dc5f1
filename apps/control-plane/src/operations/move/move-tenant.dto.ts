import { ApiProperty, Optional } from '@atlas/platform';
import { DEPLOYMENT_MODELS, type DeploymentModel } from '@atlas/tenancy';
import { IsIn, IsUUID } from 'class-validator';

export class MoveTenantDto {
  @ApiProperty({ enum: DEPLOYMENT_MODELS })
  @IsIn(DEPLOYMENT_MODELS)
  deployment_model: DeploymentModel;

  @ApiProperty({ required: false, format: 'uuid', description: 'For `shared`: the target cell' })
  @Optional()
  @IsUUID()
  tenant_plane_id?: string;
}
