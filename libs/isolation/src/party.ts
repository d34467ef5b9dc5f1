/** A kind of thing that a tenant's users own and that a route names by id. Add a new kind as a line here. */
export type Subject = 'user' | 'incident' | 'configurationItem' | 'auditEvent';

/** One of the two tenants that must stay isolated from each other. */
export interface Party {
  readonly tenantId: string;
  readonly slug: string;
  /** Its own address. Null where unknown: then no attempt uses it. */
  readonly host: string | null;
  /** Its admin's session. */
  readonly session: string;
  /** Only those that it has. */
  readonly subjects: Readonly<Partial<Record<Subject, string>>>;
  /** What its admin signs in with, where known. */
  readonly credentials?: Credentials;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly refreshToken: string;
  readonly signupToken: string;
}
