import { Optional } from '@atlas/platform';
import { IsEmail, IsString, Length, Matches } from 'class-validator';
import { IsSlug } from './is-slug';

/** How prospects get a tenant of their own. Requires no authentication. */
export interface SignupApi {
  /** Request a tenant; a link to confirm the address goes out by mail */
  'POST /api/signup': { body: SignupDto; 202: SignupView };
  /** Confirm the address with the link, which starts provisioning */
  'POST /api/signup/verify': { body: VerifySignupDto; 202: SignupView };
  /** Show how far a sign-up is */
  'GET /api/signup/:id': { 200: SignupView };
}

/** What anybody who has the sign-up's id may see: never whose it is. */
export interface SignupView {
  readonly id: string;
  readonly status: 'unverified' | 'expired' | 'provisioning' | 'active' | 'failed';
  /** Null until the address is verified. */
  readonly slug: string | null;
  readonly url: string | null;
  readonly expires_at: string;
}

export class SignupDto {
  /** Of the first admin. A link goes there. */
  @IsEmail()
  email: string;

  /**
   * The tenant's name, of which its slug is made. Left out, both come from the address's domain.
   * @example Acme Corp
   */
  @Optional()
  @IsString()
  @Length(1, 100)
  @Matches(/\S/, { message: 'organisation must not be blank' })
  organisation?: string;

  /** @example acme */
  @Optional()
  @IsSlug()
  slug?: string;
}

export class VerifySignupDto {
  /** The token of the link. */
  @IsString()
  @Length(1, 200)
  token: string;

  /** Instead of the one asked for, when that is taken. */
  @Optional()
  @IsSlug()
  slug?: string;
}
