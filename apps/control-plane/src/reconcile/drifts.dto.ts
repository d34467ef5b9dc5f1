import { ApiProperty, Optional, PageQuery } from '@atlas/platform';
import { Transform } from 'class-transformer';
import { IsBoolean } from 'class-validator';

const ANSWERS = new Map([
  ['true', true],
  ['false', false],
]);

export class ListDriftsQuery extends PageQuery {
  @ApiProperty({ required: false, description: 'false: only open ones; true: only resolved ones' })
  @Optional()
  @Transform(({ value }: { value: unknown }) => ANSWERS.get(String(value)) ?? value)
  @IsBoolean()
  resolved?: boolean;
}
