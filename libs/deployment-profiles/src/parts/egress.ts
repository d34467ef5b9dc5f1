/** Who receives a call that leaves a tenant plane. */
export type EgressDestination = 'control_plane' | 'tenant_chosen' | 'identity_provider' | 'mail_server';

/**
 * How much operational data (incidents, CMDB, automation) a call may contain. `encrypted`: only the tenant's
 * next plane can read it.
 */
export type EgressContents = 'none' | 'encrypted' | 'readable';

/** The classes of calls, in the order in which they are listed. */
const EGRESS_CLASSES = [
  'enrolment',
  'desired_state_pull',
  'plane_report',
  'integration_check',
  'tenant_route',
  'move_rows',
  'backup_rows',
  'transfer_progress',
  'ai_prompt',
  'ai_own_endpoint',
  'runbook_http',
  'prometheus_query',
  'sign_on',
  'mail',
] as const;

export type EgressClassName = (typeof EGRESS_CLASSES)[number];

/** A kind of call that may leave a tenant plane. A plane refuses any other call before it sends anything. */
export interface EgressClass {
  readonly name: EgressClassName;
  readonly purpose: string;
  readonly destination: EgressDestination;
  readonly contents: EgressContents;
  /** Whether a call concerns one tenant, or the plane with all its tenants. */
  readonly concerns: 'tenant' | 'plane';
  /** Whether the tenant's admin must have agreed. */
  readonly needsConsent: boolean;
  /**
   * Everything that a call may contain: `/a` is a part of the path, `?a` a parameter of the query, and
   * `a.b[].c` a member of the body, in any element of a list. A body that is not split into members is named
   * by its media type.
   */
  readonly fields: readonly string[];
}

const PLANE_ID = '?tenant_plane_id';
const COPY = '?incarnation';

const ENROL_FIELDS = [
  '?dry_run',
  'token',
  'instance_id',
  'version',
  'endpoint_url',
  'database.driver',
  'capabilities[]',
  'public_key.kty',
  'public_key.crv',
  'public_key.x',
  'deployment_model',
];

const PULL_FIELDS = [PLANE_ID, '?wait', '?since'];

const FACTS: Readonly<Record<EgressClassName, Omit<EgressClass, 'name' | 'needsConsent'>>> = {
  enrolment: {
    purpose: 'Redeem the provisioning token, once.',
    destination: 'control_plane',
    contents: 'none',
    concerns: 'plane',
    fields: ENROL_FIELDS,
  },
  desired_state_pull: {
    purpose: 'Ask which tenants the plane serves, and in which state.',
    destination: 'control_plane',
    contents: 'none',
    concerns: 'plane',
    fields: PULL_FIELDS,
  },
  plane_report: {
    purpose:
      'Report what the plane has applied, its version, its health and what tenants use. Also the heartbeat.',
    destination: 'control_plane',
    contents: 'none',
    concerns: 'plane',
    fields: [
      PLANE_ID,
      'revision',
      'version',
      'endpoint_url',
      'sequence',
      'stored_sequence',
      'link_id',
      'incarnation',
      'tenants',
      'tenants[].tenant_id',
      'tenants[].state',
      'tenants[].entry_revision',
      'tenants[].error',
      'tenants[].code',
      'usage.amounts',
      'usage.amounts[].tenant_id',
      'usage.amounts[].day',
      'usage.amounts[].meter',
      'usage.amounts[].amount',
      'health.status',
      'health.checks[].name',
      'health.checks[].status',
      'health.checks[].detail',
    ],
  },
  integration_check: {
    purpose: 'Test the connection to the Control Plane: its name, its certificate and one signed call.',
    destination: 'control_plane',
    contents: 'none',
    concerns: 'plane',
    fields: ['host', ...PULL_FIELDS, ...ENROL_FIELDS],
  },
  tenant_route: {
    purpose: 'Ask where a tenant is served that this plane does not serve.',
    destination: 'control_plane',
    contents: 'none',
    concerns: 'plane',
    fields: ['/slug', PLANE_ID],
  },
  move_rows: {
    purpose: "Send a moving tenant's rows to its next plane, encrypted to the key of that plane.",
    destination: 'control_plane',
    contents: 'encrypted',
    concerns: 'tenant',
    fields: ['/transfer_id', '/part', PLANE_ID, COPY, 'application/jose'],
  },
  backup_rows: {
    purpose: 'Send a backup of a tenant that is being removed, so that it can be restored.',
    destination: 'control_plane',
    contents: 'readable',
    concerns: 'tenant',
    fields: ['/transfer_id', '/part', PLANE_ID, COPY, 'application/jose'],
  },
  transfer_progress: {
    purpose: 'Fetch the next part of a transfer, or ask how far the other plane is.',
    destination: 'control_plane',
    contents: 'none',
    concerns: 'plane',
    fields: ['/transfer_id', '/part', PLANE_ID, COPY, '?wait', '?count', '?importer', '?attempt'],
  },
  ai_prompt: {
    purpose: "Ask an AI about an incident, through the Control Plane's gateway, which stores nothing.",
    destination: 'control_plane',
    contents: 'readable',
    concerns: 'tenant',
    fields: [PLANE_ID, '?allowed_by_admin', 'messages[].role', 'messages[].content', 'stream'],
  },
  ai_own_endpoint: {
    purpose: "Ask an AI about an incident, at the endpoint that the tenant's admin has chosen.",
    destination: 'tenant_chosen',
    contents: 'readable',
    concerns: 'tenant',
    fields: ['url', 'headers', 'body'],
  },
  runbook_http: {
    purpose: 'Send the request of an http step of a runbook, to the server that the runbook names.',
    destination: 'tenant_chosen',
    contents: 'readable',
    concerns: 'tenant',
    fields: ['url', 'headers', 'body'],
  },
  prometheus_query: {
    purpose: 'Ask the Prometheus server of an SLO for numbers of events.',
    destination: 'tenant_chosen',
    contents: 'none',
    concerns: 'tenant',
    fields: ['url', 'headers'],
  },
  sign_on: {
    purpose: "Sign in a user through the tenant's identity provider.",
    destination: 'identity_provider',
    contents: 'none',
    concerns: 'tenant',
    // The provider chooses the queries of its endpoints.
    fields: ['?', 'grant_type', 'code', 'redirect_uri', 'code_verifier', 'client_id'],
  },
  mail: {
    purpose: 'Email a user an invitation, a link to reset a password, or a notice of a new password.',
    destination: 'mail_server',
    contents: 'none',
    concerns: 'tenant',
    fields: ['to', 'subject', 'text'],
  },
};

/** Which classes a model declares, and which of them need the consent of the tenant's admin. */
export interface EgressRules {
  readonly never?: readonly EgressClassName[];
  readonly withConsent?: readonly EgressClassName[];
}

/** The classes of calls that may leave the planes of one model. */
export function egressWith({ never = [], withConsent = [] }: EgressRules): readonly EgressClass[] {
  return EGRESS_CLASSES.filter((name) => !never.includes(name)).map((name) => ({
    name,
    ...FACTS[name],
    needsConsent: withConsent.includes(name),
  }));
}
