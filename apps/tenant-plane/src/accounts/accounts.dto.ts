import { ApiProperty, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, Optional } from '@atlas/platform';
import { IsBoolean, IsEmail, IsString, Length } from 'class-validator';

class SignInDto {
  @ApiProperty({
    required: false,
    default: false,
    description: 'For browsers: the session is set as a cookie, and the answer holds no token',
  })
  @Optional()
  @IsBoolean()
  cookie: boolean = false;
}

export class SignupExchangeDto extends SignInDto {
  @ApiProperty({ description: 'The token of the sign-up link' })
  @IsString()
  @Length(1, 4000)
  token: string;

  @ApiProperty({ minLength: MIN_PASSWORD_LENGTH })
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
  @ApiProperty({ minLength: MIN_PASSWORD_LENGTH })
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  declare password: string;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;
}
