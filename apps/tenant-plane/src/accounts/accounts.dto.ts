import { ApiProperty, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, Optional, SignInDto } from '@atlas/platform';
import { IsEmail, IsString, Length } from 'class-validator';

const NEW_PASSWORD = {
  minLength: MIN_PASSWORD_LENGTH,
  description: 'Must not be a common password, nor consist of the names of the user and tenant',
};

export class SignupExchangeDto extends SignInDto {
  @ApiProperty({ description: 'The token of a sign-up link or an invitation' })
  @IsString()
  @Length(1, 4000)
  token: string;

  @ApiProperty(NEW_PASSWORD)
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password: string;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;
}

export class TokenDto extends SignInDto {
  @ApiProperty({ format: 'email' })
  @IsEmail()
  email: string;

  @ApiProperty()
  @IsString()
  @Length(1, MAX_PASSWORD_LENGTH)
  password: string;
}

export class RefreshDto {
  @ApiProperty()
  @IsString()
  @Length(1, 200)
  refresh_token: string;
}

export class RegisterDto extends TokenDto {
  @ApiProperty(NEW_PASSWORD)
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  declare password: string;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;
}

export class ForgotPasswordDto {
  @ApiProperty({ format: 'email' })
  @IsEmail()
  email: string;
}

export class ResetPasswordDto extends SignInDto {
  @ApiProperty({ description: 'The token of the link in the mail' })
  @IsString()
  @Length(1, 200)
  token: string;

  @ApiProperty(NEW_PASSWORD)
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password: string;
}

export class ChangePasswordDto {
  @ApiProperty()
  @IsString()
  @Length(1, MAX_PASSWORD_LENGTH)
  current_password: string;

  @ApiProperty(NEW_PASSWORD)
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  new_password: string;
}
