/** An event before it is written. */
export interface NewEvent {
  readonly type: string;
  /** `<kind>:<id>` of what the event is about. Events of one subject are delivered in order. */
  readonly subject: string;
  /** The page of the console that shows it, such as `/fleet/<id>`. */
  readonly page: string;
  /** Ids and names only: never a secret, and no text that may quote a host, a path or a credential. */
  readonly data: Readonly<Record<string, unknown>>;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

type TenantNames = Named & { readonly slug: string };

interface FailedJob {
  readonly id: string;
  readonly operation: string;
  readonly failedStep: string | null;
  readonly errorCode: string | null;
  readonly tenant: TenantNames | null;
  readonly plane: Named | null;
}

/** A job needs a person: it has failed, and is not retried by itself. */
export function jobFailed({ tenant, plane, ...job }: FailedJob): NewEvent {
  const { id, operation, failedStep, errorCode } = job;
  return {
    type: 'job.failed',
    subject: subjectOf(tenant, plane) ?? `job:${id}`,
    page: `/jobs/${id}`,
    data: {
      job: { id, operation, failed_step: failedStep, error_code: errorCode },
      tenant: tenant && namesOf(tenant),
      tenant_plane: plane && { id: plane.id, name: plane.name },
    },
  };
}

/** `since` is the time of the plane's last report. */
export function planeOffline(plane: Named, since: Date): NewEvent {
  return planeEvent('tenant_plane.offline', plane, since);
}

/** The plane reports again after it was told to be offline `since` then. */
export function planeOnline(plane: Named, since: Date): NewEvent {
  return planeEvent('tenant_plane.online', plane, since);
}

/** Two copies of the plane report. */
export function planeCopied({ id, name }: Named): NewEvent {
  const data = { tenant_plane: { id, name } };
  return { type: 'tenant_plane.copied', subject: `tenant_plane:${id}`, page: `/fleet/${id}`, data };
}

interface FoundDrift {
  readonly id: string;
  readonly kind: string;
  readonly subjectKind: string;
  readonly subjectId: string;
}

export function driftFound(drift: FoundDrift): NewEvent {
  return driftEvent('drift.found', drift, {});
}

/** `how`: whether reconciliation repaired it, or a comparison no longer found it. */
export function driftResolved(drift: FoundDrift, how: 'repaired' | 'gone'): NewEvent {
  return driftEvent('drift.resolved', drift, { how });
}

interface EndingLease {
  readonly serial: number;
  readonly expiresAt: Date;
}

/** A tenant's lease ends soon, because its plane is silent or has no connection. */
export function leaseEnding(tenant: TenantNames, { serial, expiresAt }: EndingLease): NewEvent {
  return {
    type: 'lease.ending',
    subject: `tenant:${tenant.id}`,
    page: `/tenants/${tenant.id}`,
    data: { tenant: namesOf(tenant), lease: { serial, expires_at: expiresAt.toISOString() } },
  };
}

function planeEvent(type: string, { id, name }: Named, since: Date): NewEvent {
  const data = { tenant_plane: { id, name }, offline_since: since.toISOString() };
  return { type, subject: `tenant_plane:${id}`, page: `/fleet/${id}`, data };
}

function driftEvent(type: string, drift: FoundDrift, more: object): NewEvent {
  const { id, kind, subjectKind, subjectId } = drift;
  const subject = { kind: subjectKind, id: subjectId };
  return {
    type,
    subject: `${subjectKind}:${subjectId}`,
    page: '/drifts',
    data: { drift: { id, kind, subject, ...more } },
  };
}

function subjectOf(tenant: Named | null, plane: Named | null): string | null {
  if (tenant) return `tenant:${tenant.id}`;
  return plane && `tenant_plane:${plane.id}`;
}

function namesOf({ id, name, slug }: TenantNames): TenantNames {
  return { id, name, slug };
}
