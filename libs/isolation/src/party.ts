/** One of the two tenants that must stay isolated from each other. */
export interface Party {
  readonly tenantId: string;
  readonly slug: string;
  /** The host name of the tenant's address. If it is unknown (null), no attempt uses it. */
  readonly host: string | null;
  /** The session of the tenant's admin. */
  readonly session: string;
  /** The ids of the tenant's objects, by kind: `user`, `auditEvent`, and the kinds that fixtures create. */
  readonly subjects: Readonly<Record<string, string>>;
  /** The credentials with which the tenant's admin signs in, if known. */
  readonly credentials?: Credentials;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly refreshToken: string;
  readonly signupToken: string;
}
