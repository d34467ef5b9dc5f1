import { ApiProperty, Optional } from '@atlas/platform';
import { IsString, Length, IsBoolean } from 'class-validator';

export class DeprovisionTenantDto {
  @ApiProperty({ example: 'acme', description: "The tenant's slug, to confirm the removal" })
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
      'Removes the tenant without a backup. Accepted only if its home has lost the moved rows and no ' +
      'tenant plane still has them',
  })
  @Optional()
  @IsBoolean()
  accept_data_loss?: boolean;
}
