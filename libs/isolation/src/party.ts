/** One of the two tenants that must stay isolated from each other. */
export interface Party {
  readonly tenantId: string;
  readonly slug: string;
  /** The host name of its address. Null if unknown, in which case no attempt uses it. */
  readonly host: string | null;
  /** Its admin's session. */
  readonly session: string;
  /** The ids of objects that it has, by kind: `user`, `auditEvent`, and the kinds that fixtures create. */
  readonly subjects: Readonly<Record<string, string>>;
  /** What its admin signs in with, if known. */
  readonly credentials?: Credentials;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly refreshToken: string;
  readonly signupToken: string;
}
