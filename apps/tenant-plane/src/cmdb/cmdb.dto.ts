import { ApiProperty, Optional, PageQuery } from '@atlas/platform';
import { IsObject, IsString, Length, Matches } from 'class-validator';

export class CreateConfigurationItemDto {
  @ApiProperty({ example: 'web-1' })
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  @ApiProperty({ example: 'server' })
  @IsString()
  @Length(1, 60)
  @Matches(/\S/, { message: 'type must not be blank' })
  type: string;

  @ApiProperty({
    required: false,
    type: Object,
    description:
      'At most 100 attributes, with names of 100 and texts of 4,000 characters; at most 32,768 bytes of JSON',
  })
  @Optional()
  @IsObject()
  attributes?: Record<string, unknown>;
}

export class ListConfigurationItemsQuery extends PageQuery {
  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 60)
  type?: string;
}
