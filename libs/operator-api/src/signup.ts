import { Optional } from '@atlas/platform';
import { IsEmail, IsString, Length, Matches } from 'class-validator';
import { IsSlug } from './is-slug';

/** How prospects get a tenant of their own. Requires no authentication. */
export interface SignupApi {
  /** Request a tenant; a link to confirm the address is sent by email */
  'POST /api/signup': { body: SignupDto; 202: SignupView };
  /** Confirm the address with the link, and start provisioning */
  'POST /api/signup/verify': { body: VerifySignupDto; 202: SignupView };
  /** Show the progress of a sign-up */
  'GET /api/signup/:id': { 200: SignupView };
}

/** What anyone who has the sign-up's ID may see. It never shows whose sign-up it is. */
export interface SignupView {
  readonly id: string;
  readonly status: 'unverified' | 'expired' | 'provisioning' | 'active' | 'failed';
  /** Null until the address is verified. */
  readonly slug: string | null;
  readonly url: string | null;
  readonly expires_at: string;
}

export class SignupDto {
  /** The email address of the first admin, who receives a link. */
  @IsEmail()
  email: string;

  /**
   * The tenant's name, from which its slug is derived. If left out, both come from the address's domain.
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
  /** The token in the link. */
  @IsString()
  @Length(1, 200)
  token: string;

  /** The slug to use if the requested slug is taken. */
  @Optional()
  @IsSlug()
  slug?: string;
}
