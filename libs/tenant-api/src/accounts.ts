import {
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
  Optional,
  type SignInAnswer,
  SignInDto,
} from '@atlas/platform';
import { IsEmail, IsString, Length } from 'class-validator';
import { type InviteDto, type UserDetails, type UserRole } from './users';

/** Signing in, and managing one's own account. */
export interface AccountsApi {
  /** Sign in for the first time with a sign-up link or an invitation */
  'POST /api/auth/signup-exchange': { body: SignupExchangeDto; 201: SignInAnswer<SignedIn> };
  /** Invite a user */
  'POST /api/auth/invite': { body: InviteDto; 201: Invitation };
  /** Sign in with a password */
  'POST /api/auth/token': { body: TokenDto; 200: SignInAnswer<SignedIn> };
  /** Renew a session with its refresh token */
  'POST /api/auth/refresh': { body: RefreshDto; 200: SignedIn };
  /** Register as the first user, if the deployment allows it */
  'POST /api/auth/register': { body: RegisterDto; 201: SignInAnswer<SignedIn> };
  /** End the current session */
  'POST /api/auth/logout': { 204: undefined };
  /** Show the signed-in user */
  'GET /api/auth/me': { 200: { user: UserView } };
  /** Email a link for setting a new password */
  'POST /api/auth/forgot-password': { body: ForgotPasswordDto; 202: Record<string, never> };
  /** Set a new password with the link from the email */
  'POST /api/auth/reset-password': { body: ResetPasswordDto; 200: SignInAnswer<SignedIn> };
  /** Change your own password */
  'POST /api/auth/password': { body: ChangePasswordDto; 204: undefined };
  /** Start single sign-on by redirecting the browser to the identity provider */
  'GET /api/auth/oidc/start': { 303: undefined };
  /** Finish single sign-on after the identity provider redirects the browser back */
  'GET /api/auth/oidc/callback': { 303: undefined };
}

export interface UserView {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
}

export interface SignedIn {
  readonly token: string;
  readonly refresh_token: string;
  readonly expires_at: Date;
  readonly user: UserView;
  /**
   * Send this token with the next sign-in, so that other people's wrong guesses do not lock out this device.
   */
  readonly device_token?: string;
}

export interface Invitation {
  readonly user: UserDetails;
  readonly expires_at: Date;
  /** Set only if the plane sends no email. The admin must then pass the link on. */
  readonly url?: string;
}

export class SignupExchangeDto extends SignInDto {
  /** The token of a sign-up link or an invitation. */
  @IsString()
  @Length(1, 4000)
  token: string;

  /** Must not be a common password, nor consist of the names of the user and tenant. */
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password: string;

  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;
}

export class TokenDto extends SignInDto {
  @IsEmail()
  email: string;

  @IsString()
  @Length(1, MAX_PASSWORD_LENGTH)
  password: string;
}

export class RefreshDto {
  @IsString()
  @Length(1, 200)
  refresh_token: string;
}

export class RegisterDto extends TokenDto {
  /** Must not be a common password, nor consist of the names of the user and tenant. */
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  declare password: string;

  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;
}

export class ForgotPasswordDto {
  @IsEmail()
  email: string;
}

export class ResetPasswordDto extends SignInDto {
  /** The token of the link in the email. */
  @IsString()
  @Length(1, 200)
  token: string;

  /** Must not be a common password, nor consist of the names of the user and tenant. */
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password: string;
}

export class ChangePasswordDto {
  @IsString()
  @Length(1, MAX_PASSWORD_LENGTH)
  current_password: string;

  /** Must not be a common password, nor consist of the names of the user and tenant. */
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  new_password: string;
}
