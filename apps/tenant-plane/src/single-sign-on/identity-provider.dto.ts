import { ApiProperty, Optional } from '@atlas/platform';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsString, Length, Matches } from 'class-validator';
import { GRANTABLE_ROLES, type GrantableRole } from '../credentials/identity-provider.entity';

export class ConfigureIdentityProviderDto {
  @ApiProperty({
    example: 'https://login.example.com',
    description: 'The issuer of the OpenID provider, as it names itself',
  })
  @IsString()
  @Length(1, 500)
  issuer: string;

  @ApiProperty({ description: 'The id of a public client: it has no secret, and codes are bound by PKCE' })
  @IsString()
  @Length(1, 200)
  client_id: string;

  @ApiProperty({ required: false, default: true })
  @Optional()
  @IsBoolean()
  enabled: boolean = true;

  @ApiProperty({
    required: false,
    default: false,
    description: 'Whether to create users who sign in for the first time',
  })
  @Optional()
  @IsBoolean()
  create_users: boolean = false;

  @ApiProperty({ required: false, enum: GRANTABLE_ROLES, default: 'requester' })
  @Optional()
  @IsIn(GRANTABLE_ROLES)
  default_role: GrantableRole = 'requester';

  @ApiProperty({
    required: false,
    type: [String],
    default: [],
    description: 'The domains in which users may be created; required with create_users',
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/, {
    each: true,
    message: '$property must be domains in lower case, such as example.com',
  })
  email_domains: string[] = [];
}
