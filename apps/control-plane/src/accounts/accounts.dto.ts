import { ApiProperty, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, Optional } from '@atlas/platform';
import { ArrayNotEmpty, IsArray, IsEmail, IsIn, IsInt, IsString, Length, Max, Min } from 'class-validator';
import { OPERATOR_ROLES, type OperatorRole, SCOPES, type Scope } from './scopes';

const YEAR = 365 * 24 * 3600;

export class LoginDto {
  @ApiProperty({ format: 'email' })
  @IsEmail()
  email: string;

  @ApiProperty()
  @IsString()
  @Length(1, MAX_PASSWORD_LENGTH)
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

  @ApiProperty({ minLength: MIN_PASSWORD_LENGTH })
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password: string;
}

export class CreateApiKeyDto {
  @ApiProperty()
  @IsString()
  @Length(1, 100)
  name: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  @IsArray()
  @ArrayNotEmpty()
  @IsIn(SCOPES, { each: true })
  scopes: Scope[];

  @ApiProperty({ required: false, description: 'Seconds until it expires', default: YEAR })
  @Optional()
  @IsInt()
  @Min(60)
  @Max(YEAR)
  ttl_seconds: number = YEAR;
}
