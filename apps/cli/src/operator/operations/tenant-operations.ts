import { DATABASE_DRIVERS, DEPLOYMENT_MODELS } from '@atlas/deployment-profiles';
import { PLANS } from '@atlas/tenancy';
import { type Operation, REASON, TOKEN_TTL } from './operation';

const group = 'Tenants';

export const TENANT_OPERATIONS: readonly Operation[] = [
  {
    name: 'provision',
    group,
    summary: 'Provision a tenant',
    about:
      "Provisions a tenant and shows each step until it is active. For a customer's plane it shows " +
      'the install bundle, once.',
    examples: [
      'provision --name Acme --model shared --admin-email admin@acme.example.com',
      'provision --name Acme --model dedicated --admin-email admin@acme.example.com --dry-run',
    ],
    operation: 'POST /api/tenants/provision',
    canRehearse: true,
    next: 'signup-link',
    options: [
      { name: 'name', value: '<name>', field: 'name', text: 'name of the tenant', isRequired: true },
      {
        name: 'model',
        value: '<model>',
        field: 'deployment_model',
        isRequired: true,
        text: 'deployment model',
        choices: DEPLOYMENT_MODELS,
      },
      {
        name: 'admin-email',
        value: '<address>',
        field: 'admin_email',
        isRequired: true,
        text: 'e-mail address of its first admin',
      },
      { name: 'slug', value: '<slug>', field: 'slug', text: 'its short name', default: 'made from the name' },
      { name: 'plan', value: '<plan>', field: 'plan', text: 'what it has bought', choices: PLANS },
      { name: 'region', value: '<region>', field: 'region', text: 'region to place it in' },
      { name: 'po-number', value: '<number>', field: 'po_number', text: 'purchase order' },
      {
        name: 'database',
        value: '<driver>',
        field: 'database.driver',
        text: 'database of its own tenant plane',
        choices: DATABASE_DRIVERS,
      },
      TOKEN_TTL,
    ],
  },
  {
    name: 'suspend',
    group,
    summary: 'Suspend a tenant',
    examples: ['suspend acme --reason "invoice 4711 is overdue"'],
    subject: 'tenant',
    operation: 'POST /api/tenants/:id/suspend',
    canRehearse: true,
    options: [REASON],
  },
  {
    name: 'resume',
    group,
    summary: 'Resume a suspended tenant',
    examples: ['resume acme'],
    subject: 'tenant',
    operation: 'POST /api/tenants/:id/resume',
    canRehearse: true,
    options: [],
  },
  {
    name: 'move',
    group,
    summary: 'Move a tenant to another deployment model or cell',
    examples: ['move acme --to dedicated', 'move acme --to shared --dry-run'],
    subject: 'tenant',
    operation: 'POST /api/tenants/:id/move',
    canRehearse: true,
    options: [
      {
        name: 'to',
        value: '<model>',
        field: 'deployment_model',
        isRequired: true,
        text: 'deployment model',
        choices: DEPLOYMENT_MODELS,
      },
      {
        name: 'cell',
        value: '<id>',
        field: 'tenant_plane_id',
        text: 'with --to shared: id of the tenant plane',
        default: 'the emptiest that fits',
      },
    ],
  },
  {
    name: 'deprovision',
    group,
    summary: 'Back up and delete a tenant',
    about: `Backs up a tenant and removes it. "atlas restore" brings it back until the time that "atlas
tenant" shows; after that its backup is erased and the deletion certificate is issued.`,
    examples: ['deprovision acme --confirm acme'],
    subject: 'tenant',
    operation: 'POST /api/tenants/:id/deprovision',
    confirm: 'confirm_slug',
    canRehearse: true,
    options: [
      REASON,
      {
        name: 'accept-data-loss',
        field: 'accept_data_loss',
        text: 'continue without a backup if no tenant plane has its rows any more',
      },
    ],
  },
  {
    name: 'restore',
    group,
    summary: 'Restore a deprovisioned tenant from its backup',
    examples: ['restore acme'],
    subject: 'tenant',
    operation: 'POST /api/tenants/:id/restore',
    canRehearse: true,
    options: [],
  },
  {
    name: 'token',
    group,
    summary: 'Issue a new install bundle for a tenant and revoke the live one',
    about:
      'Issues a new install bundle for the tenant plane of a tenant, shows it once, and revokes the ' +
      'live one.',
    examples: ['token acme --token-ttl 3600'],
    subject: 'tenant',
    operation: 'POST /api/tenants/:id/provisioning-tokens',
    options: [TOKEN_TTL],
  },
  {
    name: 'record-infrastructure',
    group,
    summary: 'Record the database and tenant plane made by hand for a dedicated tenant',
    examples: ['record-infrastructure acme --endpoint-url https://acme.example.com --db-url-file db-url'],
    subject: 'tenant',
    operation: 'PUT /api/tenants/:id/infrastructure',
    done: 'Recorded. A job that was waiting for it continues.',
    options: [
      {
        name: 'endpoint-url',
        value: '<url>',
        field: 'endpoint_url',
        isRequired: true,
        text: 'address of the tenant plane itself',
      },
      {
        name: 'db-url-file',
        value: '<file>',
        field: 'db_url',
        isRequired: true,
        isFile: true,
        text: 'file that holds the URL of its database',
      },
    ],
  },
  {
    name: 'signup-link',
    group,
    summary: "Create the link with which a tenant's first admin signs up",
    examples: ['signup-link acme'],
    subject: 'tenant',
    operation: 'POST /api/tenants/:id/signup-link',
    link: 'The first admin signs up here',
    options: [],
  },
];
