import { IsBoolean, IsString, Length } from 'class-validator';
import { Optional } from '../input/optional.decorator';

/** What every way to sign in accepts. */
export class SignInDto {
  /** For browsers: the session is set as a cookie, and the answer contains no token. */
  @Optional()
  @IsBoolean()
  cookie: boolean = false;

  /**
   * From the answer to an earlier sign-in: a known device is not
   * locked out by the guesses of others. Browsers keep it in a cookie.
   */
  @Optional()
  @IsString()
  @Length(1, 200)
  device_token?: string;
}
