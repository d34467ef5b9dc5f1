import {
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
  Optional,
  type SignInAnswer,
  SignInDto,
} from '@atlas/platform';
import { IsEmail, IsString, Length } from 'class-validator';
import { type InviteDto, type UserDetails, type UserRole } from './users';

/** Signing in, and everything about one's own account. */
export interface AccountsApi {
  /** Sign in for the first time with a sign-up link or an invitation */
  'POST /api/auth/signup-exchange': { body: SignupExchangeDto; 201: SignInAnswer<SignedIn> };
  /** Invite a user */
  'POST /api/auth/invite': { body: InviteDto; 201: Invitation };
  /** Sign in with a password */
  'POST /api/auth/token': { body: TokenDto; 200: SignInAnswer<SignedIn> };
  /** Renew a session with its refresh token */
  'POST /api/auth/refresh': { body: RefreshDto; 200: SignedIn };
  /** Register as a user, where the tenant allows it */
  'POST /api/auth/register': { body: RegisterDto; 201: SignInAnswer<SignedIn> };
  /** End the current session */
  'POST /api/auth/logout': { 204: undefined };
  /** Show the signed-in user */
  'GET /api/auth/me': { 200: { user: UserView } };
  /** Mail a link to set a new password */
  'POST /api/auth/forgot-password': { body: ForgotPasswordDto; 202: Record<string, never> };
  /** Set a new password with the link from the mail */
  'POST /api/auth/reset-password': { body: ResetPasswordDto; 200: SignInAnswer<SignedIn> };
  /** Change your own password */
  'POST /api/auth/password': { body: ChangePasswordDto; 204: undefined };
  /** Start single sign-on: redirects the browser to the identity provider */
  'GET /api/auth/oidc/start': { 303: undefined };
  /** Finish single sign-on: the identity provider redirects the browser here */
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
  /** Sent with the next sign-in, it keeps other people's wrong guesses from locking out this device. */
  readonly device_token?: string;
}

export interface Invitation {
  readonly user: UserDetails;
  readonly expires_at: Date;
  /** Only where the plane sends no mail: the admin passes it on. */
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
  /** The token of the link in the mail. */
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
