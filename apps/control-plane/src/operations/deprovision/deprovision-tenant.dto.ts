import { ApiProperty, Optional } from '@atlas/platform';
import { IsString, Length, IsBoolean } from 'class-validator';

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
      'Removes a tenant without a backup, once its home has lost the rows that it was moved with and ' +
      'no tenant plane keeps them. Refused otherwise',
  })
  @Optional()
  @IsBoolean()
  accept_data_loss?: boolean;
}
