import { IsBoolean, IsString, Length } from 'class-validator';
import { ApiProperty } from '../openapi/api-decorators';
import { Optional } from '../input/optional.decorator';

/** What every way to sign in accepts. */
export class SignInDto {
  @ApiProperty({
    required: false,
    default: false,
    description: 'For browsers: the session is set as a cookie, and the answer contains no token',
  })
  @Optional()
  @IsBoolean()
  cookie: boolean = false;

  @ApiProperty({
    required: false,
    description:
      'From the answer to an earlier sign-in: a known device is not locked out by the guesses of ' +
      'others. Browsers keep it in a cookie',
  })
  @Optional()
  @IsString()
  @Length(1, 200)
  device_token?: string;
}
