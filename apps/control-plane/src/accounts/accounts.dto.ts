import {
  ApiProperty,
  InSmallLetters,
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
  Optional,
  PageLimit,
  SignInDto,
} from '@atlas/platform';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { OPERATOR_ROLES, type OperatorRole, SCOPES, type Scope } from '../access/scopes';

const DAY = 24 * 3600;
const YEAR = 365 * DAY;

export class LoginDto extends SignInDto {
  @ApiProperty({ format: 'email' })
  @IsEmail()
  email: string;

  @ApiProperty()
  @IsString()
  @Length(1, MAX_PASSWORD_LENGTH)
  password: string;
}

export class ChangePasswordDto {
  @ApiProperty()
  @IsString()
  @Length(1, MAX_PASSWORD_LENGTH)
  current_password: string;

  @ApiProperty({ minLength: MIN_PASSWORD_LENGTH })
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  new_password: string;
}

export class ResetPasswordDto {
  @ApiProperty({ description: 'The token of the reset link' })
  @IsString()
  @Length(1, 200)
  token: string;

  @ApiProperty({ minLength: MIN_PASSWORD_LENGTH })
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password: string;
}

export class CreateOperatorDto {
  @ApiProperty({ format: 'email' })
  @IsEmail()
  email: string;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;

  @ApiProperty({ enum: OPERATOR_ROLES })
  @IsIn(OPERATOR_ROLES)
  role: OperatorRole;

  @ApiProperty({
    required: false,
    minLength: MIN_PASSWORD_LENGTH,
    description:
      'If left out, the operator signs in by single sign-on or chooses a password through a reset link',
  })
  @Optional()
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password?: string;
}

export class ChangeOperatorDto {
  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;

  @ApiProperty({ required: false, enum: OPERATOR_ROLES })
  @Optional()
  @IsIn(OPERATOR_ROLES)
  role?: OperatorRole;

  @ApiProperty({ required: false, description: 'true ends their sessions, API keys and reset links' })
  @Optional()
  @IsBoolean()
  disabled?: boolean;
}

export class ListApiKeysQuery extends PageLimit {
  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Matches(/^[0-9A-Za-z]{12}$/)
  cursor?: string;

  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @InSmallLetters()
  @IsUUID()
  operator_id?: string;
}

export class CreateApiKeyDto {
  @ApiProperty()
  @IsString()
  @Length(1, 100)
  name: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(SCOPES.length)
  @IsIn(SCOPES, { each: true })
  scopes: Scope[];

  @ApiProperty({
    required: false,
    default: 90 * DAY,
    description: 'Seconds until the key expires. A key created with an API key never outlives that key',
  })
  @Optional()
  @IsInt()
  @Min(60)
  @Max(YEAR)
  ttl_seconds: number = 90 * DAY;
}
