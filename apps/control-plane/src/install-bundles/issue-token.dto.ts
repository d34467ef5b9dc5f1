import { ApiProperty, Optional } from '@atlas/platform';
import { IsInt, Min, Max } from 'class-validator';
import { MAX_TOKEN_SECONDS } from '../enrolment/provisioning-tokens';

export class IssueTokenDto {
  @ApiProperty({ required: false, description: 'Lifetime of the provisioning token in seconds' })
  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
}
