import { Optional } from '@atlas/platform';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsString, Length, Matches } from 'class-validator';
import { type UserRole } from './users';

/** The roles that a user's first single sign-on may grant. The role admin is never granted this way. */
export const GRANTABLE_ROLES = ['operator', 'fulfiller', 'requester'] as const satisfies readonly UserRole[];
export type GrantableRole = (typeof GRANTABLE_ROLES)[number];

/** The identity provider of the tenant, for single sign-on. */
export interface IdentityProviderApi {
  /** Show the identity provider */
  'GET /api/identity-provider': { 200: IdentityProviderView };
  /** Configure the identity provider */
  'PUT /api/identity-provider': { body: ConfigureIdentityProviderDto; 200: IdentityProviderView };
  /** Remove the identity provider */
  'DELETE /api/identity-provider': { 204: undefined };
}

export interface IdentityProviderView {
  readonly provider: ProviderView | null;
  /** Register exactly this address with the provider. */
  readonly redirect_uri: string | null;
}

export interface ProviderView {
  readonly issuer: string;
  readonly client_id: string;
  readonly enabled: boolean;
  readonly create_users: boolean;
  readonly default_role: GrantableRole;
  readonly email_domains: readonly string[];
}

export class ConfigureIdentityProviderDto {
  /**
   * The issuer of the OpenID provider, exactly as the provider states it.
   * @example https://login.example.com
   */
  @IsString()
  @Length(1, 500)
  issuer: string;

  /**
   * The ID of a public client. The client has no secret, because PKCE binds authorization codes to the
   * client.
   */
  @IsString()
  @Length(1, 200)
  client_id: string;

  @Optional()
  @IsBoolean()
  enabled: boolean = true;

  /** Whether to create a user when an unknown person signs in. */
  @Optional()
  @IsBoolean()
  create_users: boolean = false;

  @Optional()
  @IsIn(GRANTABLE_ROLES)
  default_role: GrantableRole = 'requester';

  /** The email domains for which users may be created. Required with create_users. */
  @Optional()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/, {
    each: true,
    message: '$property must contain domains in lower case, such as example.com',
  })
  email_domains: string[] = [];
}
