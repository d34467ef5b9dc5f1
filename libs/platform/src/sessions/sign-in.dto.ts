import { IsBoolean, IsString, Length } from 'class-validator';
import { ApiProperty } from '../openapi/api-decorators';
import { Optional } from '../input/optional.decorator';

/** What every way to sign in takes. */
export class SignInDto {
  @ApiProperty({
    required: false,
    default: false,
    description: 'For browsers: the session is set as a cookie, and the answer holds no token',
  })
  @Optional()
  @IsBoolean()
  cookie: boolean = false;

  @ApiProperty({
    required: false,
    description:
      'What an earlier sign-in answered: a device that is known is not locked out by guesses of others. Browsers have it in a cookie',
  })
  @Optional()
  @IsString()
  @Length(1, 200)
  device_token?: string;
}
