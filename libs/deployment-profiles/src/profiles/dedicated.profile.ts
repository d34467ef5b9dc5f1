import { profileWith } from '../parts/deployment-profile';
import { egressWith } from '../parts/egress';
import { ENVIRONMENT_OF_EVERY_MODEL, TENANT_BASE_DOMAIN } from '../parts/environment';
import { DEPROVISION_WITH_BACKUP, LIFECYCLE_OF_EVERY_MODEL, moveBy, restoreBy } from '../parts/lifecycle';
import { PROMISES_OF_EVERY_MODEL, entitlementsPromise } from '../parts/outage-contract';

export const DEDICATED_PROFILE = profileWith({
  model: 'dedicated',
  title: 'Dedicated TP',
  bestFor: 'Isolation with managed upgrades.',
  runBy: {
    tenantPlane: 'atlas',
    controlPlane: 'atlas',
    text: 'Atlas runs one tenant plane and one database for each customer.',
  },
  controlPlaneRelation: 'Atlas Cloud: infrastructure, upgrades, lifecycle, plan and AI.',
  databases: {
    allowed: ['postgres', 'sqlite'],
    allowedInProduction: ['postgres'],
    recommended: 'postgres',
    isolation: 'isolated',
    text:
      "A Postgres instance of the tenant's own; in development, a database on a shared server or a " +
      'SQLite file.',
  },
  dataResidency: {
    heldBy: 'atlas',
    text:
      'Incident, CMDB and automation data live in a cluster or database instance that serves this ' +
      'customer alone.',
  },
  backupDuty: {
    who: ['atlas', 'customer'],
    text: "Atlas backs up; the customer's own disaster recovery is agreed by contract.",
  },
  provisioning: {
    text:
      'Provisioning jobs create the infrastructure (with Terraform, for example on ECS) and record its ' +
      'endpoint and db_url on the tenant row.',
    steps: [
      'register-tenant-plane',
      'create-infrastructure',
      'await-enrolment',
      'write-desired-state',
      'await-report',
      'prepare-signup-link',
      'activate',
    ],
  },
  lifecycle: {
    ...LIFECYCLE_OF_EVERY_MODEL,
    move: moveBy('register-tenant-plane', 'create-infrastructure', 'await-enrolment'),
    remove_copy: ['release-copy', 'remove-infrastructure', 'end-trust'],
    deprovision: DEPROVISION_WITH_BACKUP,
    restore: restoreBy('register-tenant-plane', 'create-infrastructure', 'await-enrolment'),
  },
  installRequired: false,
  selfRegistrationAllowed: false,
  offlineEnrolmentAllowed: false,
  tenantFixed: true,
  infrastructureCreated: true,
  outboundAddresses: 'public',
  aiRouting: 'control_plane',
  egress: egressWith({ never: ['tenant_route'] }),
  guide: { title: 'Dedicated Tenant Plane', doc: '/help/dedicated-tenant-plane' },
  hints: [
    {
      kind: 'residency',
      text:
        'Your incident, CMDB and automation data are in a database of your own, which Atlas runs in your ' +
        "tenant's region.",
    },
    {
      kind: 'connectivity',
      text:
        'This tenant plane serves only you. Allow your users and your monitoring to reach its address ' +
        'through your firewall; Atlas upgrades it and maintains its link to the Control Plane.',
    },
    {
      kind: 'backup',
      text:
        'Atlas backs up your instance. If you need more than that, check that the disaster recovery in ' +
        'your contract covers it.',
    },
  ],
  environment: [
    ...ENVIRONMENT_OF_EVERY_MODEL,
    {
      name: 'TENANT_PLANE_MIGRATION_DATABASE_URL',
      required: 'optional',
      text:
        "The owner of the schema, used only to migrate. If unset, the application's own role migrates, " +
        'under forced row-level security.',
    },
    TENANT_BASE_DOMAIN,
  ],
  outageContract: [
    ...PROMISES_OF_EVERY_MODEL,
    {
      capability: 'ai',
      needs: 'link',
      text:
        'The tenant plane reaches AI through the Control Plane. Until it is back, questions get an error ' +
        'that explains why, unless the tenant has an AI of its own.',
    },
    {
      capability: 'tenant_address',
      needs: 'nothing',
      text: 'The tenant plane has an endpoint of its own, and the edge keeps the last route to it.',
    },
    entitlementsPromise(
      'The last signed lease, bound to this tenant plane, applies until the Control Plane renews it.',
    ),
    {
      capability: 'tenant_lifecycle',
      needs: 'link',
      text: 'Managed upgrades, moves, suspension and plan changes wait until the Control Plane is back.',
    },
  ],
});
