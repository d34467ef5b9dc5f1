import { ApiProperty, Optional } from '@atlas/platform';
import { IsUUID } from 'class-validator';

/** Identifies the calling plane if it signs with the platform secret, which several cells share. */
export class SelfQuery {
  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @IsUUID()
  tenant_plane_id?: string;
}
