/** A kind of thing that a tenant's users have, and that a route names by its id. A new one is a line here. */
export type Subject = 'user' | 'incident' | 'configurationItem' | 'auditEvent';

/** One of the two tenants between which nothing may pass. */
export interface Party {
  readonly tenantId: string;
  readonly slug: string;
  /** The address of its own. Null where nobody knows it: then no attempt is made by it. */
  readonly host: string | null;
  /** Of its admin. */
  readonly session: string;
  /** As far as it has them. */
  readonly subjects: Readonly<Partial<Record<Subject, string>>>;
  /** What its admin signs in with, where that is known. */
  readonly credentials?: Credentials;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly refreshToken: string;
  readonly signupToken: string;
}
