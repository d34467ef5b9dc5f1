import { ApiProperty, Optional } from '@atlas/platform';
import { IsUUID } from 'class-validator';

/** Which plane calls, when the key does not say so (the platform secret). */
export class SelfQuery {
  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @IsUUID()
  tenant_plane_id?: string;
}
