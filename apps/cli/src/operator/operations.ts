import { DATABASE_DRIVERS } from '@atlas/deployment-profiles';
import { DEPLOYMENT_MODELS, PLANS } from '@atlas/tenancy';
import { type Option } from './options';
import { type SubjectKind } from './subject';

/** Something that the Control Plane is asked to do. Its answer says what comes of it: a job to watch, a bundle, a link. */
export interface Operation {
  readonly name: string;
  readonly summary: string;
  readonly about?: string;
  /** What it is done to; `:id` in the path is its id. */
  readonly subject?: SubjectKind;
  readonly path: string;
  /** POST when left out. */
  readonly method?: 'PUT' | 'PATCH' | 'DELETE';
  /** What the request says besides the options. */
  readonly body?: object;
  readonly options: readonly Option[];
  /** The field in which the tenant's slug is repeated, as `--confirm`. */
  readonly confirm?: string;
  /** Only a route that knows `dry_run`: another would do it. */
  readonly canRehearse?: boolean;
  /** The command that comes next, about the same tenant. */
  readonly next?: string;
  /** What to tell of a link in the answer. */
  readonly link?: string;
  /** What to tell where there is nothing to show or watch. */
  readonly done?: string;
  /** How its job ends when all goes well (default: succeeded). */
  readonly goal?: 'cancelled';
}

const TOKEN_TTL: Option = {
  ...{ name: 'token-ttl', value: '<seconds>', field: 'token_ttl_seconds', isNumber: true },
  text: 'how long the token of an install bundle is good',
};

const VERSION: Option = {
  ...{ name: 'version', value: '<version>', field: 'version' },
  text: 'left out: the one that the Control Plane gives new tenants',
};

const ROLE = {
  ...{ name: 'role', value: '<role>', field: 'role', isRequired: true },
  choices: ['owner', 'admin', 'support'],
};

/** Each is one row. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'provision',
    summary: 'provision a tenant',
    path: '/api/tenants/provision',
    canRehearse: true,
    next: 'signup-link',
    options: [
      { name: 'name', value: '<name>', field: 'name', text: 'of the tenant', isRequired: true },
      {
        ...{ name: 'model', value: '<model>', field: 'deployment_model', isRequired: true },
        ...{ text: 'the deployment model', choices: DEPLOYMENT_MODELS },
      },
      {
        ...{ name: 'admin-email', value: '<address>', field: 'admin_email', isRequired: true },
        text: 'of its first admin',
      },
      { name: 'slug', value: '<slug>', field: 'slug', text: 'made of the name when left out' },
      { name: 'plan', value: '<plan>', field: 'plan', text: 'what it has bought', choices: PLANS },
      { name: 'region', value: '<region>', field: 'region', text: 'where it shall live' },
      { name: 'po-number', value: '<number>', field: 'po_number', text: 'the purchase order' },
      {
        ...{ name: 'database', value: '<driver>', field: 'database.driver' },
        ...{ text: 'of a plane of its own', choices: DATABASE_DRIVERS },
      },
      TOKEN_TTL,
    ],
  },
  {
    name: 'suspend',
    summary: 'suspend a tenant',
    subject: 'tenant',
    path: '/api/tenants/:id/suspend',
    canRehearse: true,
    options: [{ name: 'reason', value: '<text>', field: 'reason', text: 'for the audit trail' }],
  },
  {
    name: 'resume',
    summary: 'resume a suspended tenant',
    subject: 'tenant',
    path: '/api/tenants/:id/resume',
    canRehearse: true,
    options: [],
  },
  {
    name: 'move',
    summary: 'move a tenant to another deployment model or cell',
    subject: 'tenant',
    path: '/api/tenants/:id/move',
    canRehearse: true,
    options: [
      {
        ...{ name: 'to', value: '<model>', field: 'deployment_model', isRequired: true },
        ...{ text: 'the deployment model', choices: DEPLOYMENT_MODELS },
      },
      { name: 'cell', value: '<id>', field: 'tenant_plane_id', text: 'with shared: which tenant plane' },
    ],
  },
  {
    name: 'deprovision',
    summary: 'delete a tenant',
    subject: 'tenant',
    path: '/api/tenants/:id/deprovision',
    confirm: 'confirm_slug',
    canRehearse: true,
    options: [
      { name: 'reason', value: '<text>', field: 'reason', text: 'for the audit trail' },
      {
        ...{ name: 'accept-data-loss', field: 'accept_data_loss' },
        text: 'without a backup: no tenant plane has its rows any more',
      },
    ],
  },
  {
    name: 'restore',
    summary: 'restore a tenant that is being deleted, while that can be',
    subject: 'tenant',
    path: '/api/tenants/:id/restore',
    canRehearse: true,
    options: [],
  },
  {
    name: 'token',
    summary: 'issue a new install bundle for a tenant; the live one is revoked',
    about:
      'Issues a new install bundle for the tenant plane of a tenant, and shows it once. The live one is revoked.',
    subject: 'tenant',
    path: '/api/tenants/:id/provisioning-tokens',
    options: [TOKEN_TTL],
  },
  {
    name: 'record-infrastructure',
    summary: 'record the database and the tenant plane that somebody made for a dedicated tenant',
    subject: 'tenant',
    method: 'PUT',
    path: '/api/tenants/:id/infrastructure',
    done: 'Recorded. A job that waited for it goes on.',
    options: [
      {
        ...{ name: 'endpoint-url', value: '<url>', field: 'endpoint_url', isRequired: true },
        text: "the tenant plane's own address",
      },
      {
        ...{ name: 'db-url-file', value: '<file>', field: 'db_url', isRequired: true, isFile: true },
        text: 'holds the URL of its database',
      },
    ],
  },
  {
    name: 'signup-link',
    summary: "make the link with which a tenant's first admin signs up",
    subject: 'tenant',
    path: '/api/tenants/:id/signup-link',
    link: 'The first admin signs up here',
    options: [],
  },
  {
    name: 'rotate-secret',
    summary: 'give a tenant plane a new service secret',
    subject: 'plane',
    path: '/api/tenant-planes/:id/rotate-secret',
    canRehearse: true,
    options: [
      {
        ...{ name: 'mode', value: '<mode>', field: 'mode', isRequired: true },
        ...{ text: 'compromised: the old one is refused at once', choices: ['routine', 'compromised'] },
      },
    ],
  },
  {
    name: 'drain',
    summary: 'move all tenants of a cell to other cells, and place nobody there any more',
    subject: 'plane',
    path: '/api/tenant-planes/:id/drain',
    canRehearse: true,
    options: [],
  },
  {
    name: 'reopen',
    summary: 'have a drained cell take tenants again',
    subject: 'plane',
    path: '/api/tenant-planes/:id/reopen',
    options: [],
  },
  {
    name: 'upgrade',
    summary: 'give a tenant plane another version',
    subject: 'plane',
    path: '/api/tenant-planes/:id/upgrade',
    canRehearse: true,
    options: [VERSION],
  },
  {
    name: 'upgrade-wave',
    summary: 'upgrade the dedicated tenant planes that are behind, one first, then batch by batch',
    path: '/api/tenant-planes/upgrades',
    canRehearse: true,
    options: [
      VERSION,
      { name: 'region', value: '<region>', field: 'region', text: 'only planes of this region' },
      {
        ...{ name: 'batch-size', value: '<n>', field: 'batch_size', isNumber: true },
        text: 'how many at once, after the first (default: 5)',
      },
      {
        ...{ name: 'max-failures', value: '<n>', field: 'max_failures', isNumber: true },
        text: 'stop when more have failed (default: 0)',
      },
    ],
  },
  {
    name: 'retry',
    summary: 'go on with a job from the step that failed',
    subject: 'job',
    path: '/api/provisioning-jobs/:id/retry',
    options: [],
  },
  {
    name: 'cancel',
    summary: 'stop a job where it is',
    subject: 'job',
    path: '/api/provisioning-jobs/:id/cancel',
    goal: 'cancelled',
    options: [],
  },
  {
    name: 'rollback',
    summary: 'undo what a job has done, in reverse order',
    subject: 'job',
    path: '/api/provisioning-jobs/:id/rollback',
    goal: 'cancelled',
    options: [],
  },
  {
    name: 'operators add',
    summary: 'make somebody an operator',
    path: '/api/operators',
    done: 'Made. They get in by single sign-on, or by a link: atlas operators reset-link <address>',
    options: [
      { name: 'email', value: '<address>', field: 'email', text: 'theirs', isRequired: true },
      { ...ROLE, text: 'owner makes operators, support only reads' },
      { name: 'name', value: '<name>', field: 'name', text: 'made of the address when left out' },
    ],
  },
  {
    name: 'operators role',
    summary: 'give an operator another role; a lower one signs them out',
    subject: 'operator',
    method: 'PATCH',
    path: '/api/operators/:id',
    done: 'Changed.',
    options: [{ ...ROLE, text: 'the new one' }],
  },
  {
    name: 'operators disable',
    summary: 'shut an operator out; their sessions and API keys end',
    subject: 'operator',
    method: 'PATCH',
    path: '/api/operators/:id',
    body: { disabled: true },
    done: 'Disabled: their sessions, API keys and reset links have ended.',
    options: [],
  },
  {
    name: 'operators enable',
    summary: 'let an operator in again who was disabled',
    subject: 'operator',
    method: 'PATCH',
    path: '/api/operators/:id',
    body: { disabled: false },
    done: 'Enabled. Their API keys of before stay ended.',
    options: [],
  },
  {
    name: 'operators reset-link',
    summary: 'make the link with which an operator chooses a password',
    subject: 'operator',
    path: '/api/operators/:id/reset-link',
    link: 'They choose a password here',
    options: [],
  },
  {
    name: 'api-keys create',
    summary: 'make an API key, of your own',
    path: '/api/api-keys',
    options: [
      { name: 'name', value: '<name>', field: 'name', text: 'what it is for', isRequired: true },
      {
        ...{ name: 'scopes', value: '<scope,…>', field: 'scopes', isRequired: true, isList: true },
        text: 'what it may, such as tenants:read,jobs:read',
      },
      {
        ...{ name: 'ttl', value: '<seconds>', field: 'ttl_seconds', isNumber: true },
        text: 'how long it is good (default: 90 days)',
      },
    ],
  },
  {
    name: 'api-keys revoke',
    summary: 'end an API key',
    subject: 'key',
    method: 'DELETE',
    path: '/api/api-keys/:id',
    done: 'Revoked.',
    options: [],
  },
];
