import { IsBoolean, IsString, Length } from 'class-validator';
import { Optional } from '../input/optional.decorator';

/** The fields that every sign-in method accepts. */
export class SignInDto {
  /** For browsers: sets the session as a cookie, and returns no token. */
  @Optional()
  @IsBoolean()
  cookie: boolean = false;

  /**
   * From the response to an earlier sign-in. A known device is not locked out when others guess passwords.
   * Browsers keep the token in a cookie.
   */
  @Optional()
  @IsString()
  @Length(1, 200)
  device_token?: string;
}
