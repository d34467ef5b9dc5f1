import { profileWith } from '../parts/deployment-profile';
import { egressWith } from '../parts/egress';
import { ENVIRONMENT_OF_EVERY_MODEL, TENANT_BASE_DOMAIN } from '../parts/environment';
import { DEPROVISION_WITH_BACKUP, LIFECYCLE_OF_EVERY_MODEL, moveBy, restoreBy } from '../parts/lifecycle';
import { PROMISES_OF_EVERY_MODEL, entitlementsPromise } from '../parts/outage-contract';

export const SHARED_PROFILE = profileWith({
  model: 'shared',
  title: 'Shared SaaS',
  bestFor: 'The fastest start, with no infrastructure of your own.',
  runBy: {
    tenantPlane: 'atlas',
    controlPlane: 'atlas',
    text: 'Atlas runs one multi-tenant tenant plane for many tenants.',
  },
  controlPlaneRelation: 'Atlas Cloud: lifecycle, plan and AI, operated together with the tenant plane.',
  databases: {
    allowed: ['postgres', 'sqlite'],
    allowedInProduction: ['postgres'],
    recommended: 'postgres',
    isolation: 'shared',
    text:
      'One shared Postgres with tenant_id on every row, isolated by row-level security; SQLite for ' +
      'development.',
  },
  dataResidency: {
    heldBy: 'atlas',
    text:
      'Incident, CMDB and automation data live in the Atlas-managed tenant database, separated row by ' +
      'row (row-level tenancy).',
  },
  backupDuty: {
    who: ['atlas'],
    text: 'Atlas backs up; the customer can export its own data through the product at any time.',
  },
  provisioning: {
    text:
      'No tenant plane of its own: the tenant is placed on a shared one that has room, and is reached at ' +
      "that plane's URL, by subdomain or with x-tenant-id.",
    steps: ['reserve-place', 'write-desired-state', 'await-report', 'prepare-signup-link', 'activate'],
  },
  lifecycle: {
    ...LIFECYCLE_OF_EVERY_MODEL,
    move: moveBy('reserve-place'),
    remove_copy: ['release-copy', 'purge-copy', 'await-purge'],
    deprovision: DEPROVISION_WITH_BACKUP,
    restore: restoreBy('reserve-place'),
  },
  installRequired: false,
  selfRegistrationAllowed: false,
  offlineEnrolmentAllowed: false,
  tenantFixed: false,
  infrastructureCreated: false,
  outboundAddresses: 'public',
  aiRouting: 'control_plane',
  egress: egressWith({}),
  guide: { title: 'Shared SaaS', doc: '/help/shared-saas' },
  hints: [
    {
      kind: 'residency',
      text:
        "Your incident, CMDB and automation data are in Atlas's shared tenant database, in rows that only " +
        'your tenant can read. Choose another model if they must not leave your network.',
    },
    {
      kind: 'connectivity',
      text:
        "There is nothing to install: your users open your tenant's own address, and your monitoring " +
        'sends its alerts there. Scripts that call the shared address send x-tenant-id.',
    },
    {
      kind: 'backup',
      text:
        'Atlas backs up the shared database for all its tenants together. Export your data to have a copy ' +
        'of your own.',
    },
  ],
  environment: [
    ...ENVIRONMENT_OF_EVERY_MODEL,
    {
      name: 'TENANT_PLANE_MIGRATION_DATABASE_URL',
      required: 'on_postgres',
      text:
        'The owner of the schema, used only to migrate. The application itself must own nothing, so ' +
        'that row-level security applies to it.',
    },
    TENANT_BASE_DOMAIN,
  ],
  outageContract: [
    ...PROMISES_OF_EVERY_MODEL,
    {
      capability: 'ai',
      needs: 'link',
      text:
        'Atlas routes AI through the Control Plane. Until it is back, questions get an error that ' +
        'explains why, unless the tenant has an AI of its own.',
    },
    {
      capability: 'tenant_address',
      needs: 'nothing',
      text: 'The shared tenant plane and the edge keep the last routing table. Tenants stay where they are.',
    },
    entitlementsPromise(
      'The last signed lease of each tenant applies until Atlas has restored the Control Plane.',
    ),
    {
      capability: 'tenant_lifecycle',
      needs: 'link',
      text:
        'No tenant is added, moved, suspended or removed, and no plan changes, until the Control Plane ' +
        'is back.',
    },
  ],
});
