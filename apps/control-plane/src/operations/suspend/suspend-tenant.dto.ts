import { ApiProperty, Optional } from '@atlas/platform';
import { IsString, Length } from 'class-validator';

export class SuspendTenantDto {
  @ApiProperty({ required: false, description: 'For the audit trail' })
  @Optional()
  @IsString()
  @Length(1, 500)
  reason?: string;
}
