import { Optional, type Page, PageQuery } from '@atlas/platform';
import { IsEmail, IsIn, IsString, Length, Matches } from 'class-validator';
import { IsSlug } from './is-slug';
import { SIGNUP_STATUSES, type SignupStatus } from './signup-statuses';

/** How prospects get a tenant of their own. Only the list requires authentication. */
export interface SignupApi {
  /** List sign-ups, newest first; they are deleted a month after their link has expired */
  'GET /api/sign-ups': { query: ListSignupsQuery; 200: Page<ListedSignup> };
  /** Show what the pages for visitors may offer */
  'GET /api/sign-in-options': { 200: SignInOptions };
  /** Request a tenant; a link to confirm the address is sent by email */
  'POST /api/signup': { body: SignupDto; 202: SignupView };
  /** Confirm the address with the link, and start provisioning */
  'POST /api/signup/verify': { body: VerifySignupDto; 202: SignupView };
  /** Show the progress of a sign-up */
  'GET /api/signup/:id': { 200: SignupView };
  /**
   * Create a welcome link, for the browser that confirmed the address
   *
   * `POST /api/signup/verify` gives that browser a cookie. All others get 404.
   */
  'POST /api/signup/:id/welcome-link': { 201: WelcomeLink };
}

export interface SignInOptions {
  /** Whether operators can sign in through an identity provider. */
  readonly single_sign_on: boolean;
  /** `mail_off`: closed, because the Control Plane sends no email. */
  readonly sign_up: 'open' | 'closed' | 'mail_off';
}

export class ListSignupsQuery extends PageQuery {
  @Optional()
  @IsIn(SIGNUP_STATUSES)
  status?: SignupStatus;
}

/** What anyone who has the sign-up's ID may see. It never shows whose sign-up it is. */
export interface SignupView {
  readonly id: string;
  readonly status: SignupStatus;
  /** Null until the address is verified. */
  readonly slug: string | null;
  readonly url: string | null;
  readonly expires_at: string;
}

/** Lets its holder become the tenant's first admin, until the tenant has one. */
export interface WelcomeLink {
  readonly url: string;
  readonly expires_at: string;
}

/** What operators see of a sign-up. */
export interface ListedSignup {
  readonly id: string;
  readonly status: SignupStatus;
  readonly email: string;
  readonly organisation: string | null;
  /** Null until the address is verified. */
  readonly tenant: { readonly id: string; readonly slug: string } | null;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly verified_at: Date | null;
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
