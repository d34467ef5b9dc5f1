/** The `typ` of the JWS that lets a tenant's first admin sign up. */
export const SIGNUP_TOKEN_TYPE = 'atlas-signup+jwt';

/** The algorithm of the token's signature. The key has the purpose {@link SIGNUP_KEY_PURPOSE}. */
export const SIGNUP_TOKEN_ALGORITHM = 'EdDSA';
export const SIGNUP_KEY_PURPOSE = 'signup';
export const SIGNUP_TOKEN_SECONDS = 7 * 24 * 3600;

/** `aud` is the tenant plane, `sub` the tenant. */
export interface SignupClaims {
  readonly aud: string;
  readonly sub: string;
  readonly email: string;
  readonly jti: string;
  readonly exp: number;
}
