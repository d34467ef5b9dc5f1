import {
  LowerCase,
  MAX_PASSWORD_LENGTH,
  MIN_PASSWORD_LENGTH,
  Optional,
  type Page,
  PageLimit,
  type PageQuery,
  SignInDto,
  type SignInAnswer,
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
import { OPERATOR_ROLES, type OperatorRole, SCOPES, type Scope } from './scopes';

/** Operators, their sessions and their API keys. */
export interface AccountsApi {
  /** Sign in with a password */
  'POST /api/auth/login': { body: LoginDto; 200: SignInAnswer<SignedIn> };
  /** End the current session */
  'POST /api/auth/logout': { 204: undefined };
  /** Show the signed-in operator */
  'GET /api/auth/me': { 200: OperatorView };
  /** Change your own password */
  'POST /api/auth/password': { body: ChangePasswordDto; 204: undefined };
  /** Set a new password with a reset link */
  'POST /api/auth/reset-password': { body: ResetPasswordDto; 200: { device_token: string } };
  /** List your own sessions */
  'GET /api/auth/sessions': { 200: { items: SessionView[] } };
  /** End one of your own sessions */
  'DELETE /api/auth/sessions/:id': { 204: undefined };
  /** Start single sign-on by redirecting the browser to the identity provider */
  'GET /api/auth/oidc/start': { 303: undefined };
  /** Finish single sign-on after the identity provider redirects the browser back */
  'GET /api/auth/oidc/callback': { 303: undefined };
  /** List API keys */
  'GET /api/api-keys': { query: ListApiKeysQuery; 200: Page<ApiKeyView> };
  /** Create an API key; only this response shows it */
  'POST /api/api-keys': { body: CreateApiKeyDto; 201: CreatedApiKey };
  /** Revoke an API key */
  'DELETE /api/api-keys/:id': { 204: undefined };
  /** List operators */
  'GET /api/operators': { query: PageQuery; 200: Page<ManagedOperatorView> };
  /** Add an operator */
  'POST /api/operators': { body: CreateOperatorDto; 201: OperatorView };
  /** Show an operator */
  'GET /api/operators/:id': { 200: ManagedOperatorView };
  /** Change an operator's name or role, or disable them */
  'PATCH /api/operators/:id': { body: ChangeOperatorDto; 200: ManagedOperatorView };
  /** Create a link for an operator to set a new password */
  'POST /api/operators/:id/reset-link': { 201: ResetLink };
}

export interface OperatorView {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: OperatorRole;
}

/** An operator, as seen by people who manage operators. */
export interface ManagedOperatorView extends OperatorView {
  readonly created_at: Date;
  readonly disabled_at: Date | null;
  readonly has_password: boolean;
  readonly single_sign_on: { readonly issuer: string; readonly subject: string } | null;
}

export interface SignedIn {
  readonly token: string;
  readonly expires_at: Date;
  readonly operator: OperatorView;
  /**
   * Send this token with the next sign-in, so that other people's wrong guesses do not lock out this device.
   */
  readonly device_token?: string;
}

export interface SessionView {
  readonly id: string;
  readonly method: 'password' | 'single_sign_on';
  readonly ip: string | null;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
  readonly expires_at: Date;
  readonly is_current: boolean;
}

export interface ResetLink {
  readonly url: string;
  readonly token: string;
  readonly expires_at: Date;
}

export interface ApiKeyView {
  readonly id: string;
  readonly name: string;
  readonly operator_id: string;
  /** The API key that created this key. Revoking that key also revokes this key. */
  readonly parent_id: string | null;
  readonly scopes: readonly Scope[];
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}

export interface CreatedApiKey extends Pick<ApiKeyView, 'id' | 'name' | 'scopes' | 'expires_at'> {
  /** Shown only once. */
  readonly key: string;
}

const DAY = 24 * 3600;
const YEAR = 365 * DAY;

export class LoginDto extends SignInDto {
  @IsEmail()
  email: string;

  @IsString()
  @Length(1, MAX_PASSWORD_LENGTH)
  password: string;
}

export class ChangePasswordDto {
  @IsString()
  @Length(1, MAX_PASSWORD_LENGTH)
  current_password: string;

  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  new_password: string;
}

export class ResetPasswordDto {
  /** The token of the reset link. */
  @IsString()
  @Length(1, 200)
  token: string;

  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password: string;
}

export class CreateOperatorDto {
  @IsEmail()
  email: string;

  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;

  @IsIn(OPERATOR_ROLES)
  role: OperatorRole;

  /** If left out, the operator signs in through single sign-on or chooses a password with a reset link. */
  @Optional()
  @IsString()
  @Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
  password?: string;
}

export class ChangeOperatorDto {
  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;

  @Optional()
  @IsIn(OPERATOR_ROLES)
  role?: OperatorRole;

  /** true revokes the operator's sessions, API keys and reset links. */
  @Optional()
  @IsBoolean()
  disabled?: boolean;
}

export class ListApiKeysQuery extends PageLimit {
  @Optional()
  @IsString()
  @Matches(/^[0-9A-Za-z]{12}$/)
  cursor?: string;

  @Optional()
  @LowerCase()
  @IsUUID()
  operator_id?: string;
}

export class CreateApiKeyDto {
  @IsString()
  @Length(1, 100)
  name: string;

  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(SCOPES.length)
  @IsIn(SCOPES, { each: true })
  scopes: Scope[];

  /** Seconds until the key expires. A key created with an API key never outlives that key. */
  @Optional()
  @IsInt()
  @Min(60)
  @Max(YEAR)
  ttl_seconds: number = 90 * DAY;
}
