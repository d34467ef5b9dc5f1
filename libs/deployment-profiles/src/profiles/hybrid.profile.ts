import { profileWith } from '../parts/deployment-profile';
import { egressWith } from '../parts/egress';
import { ENVIRONMENT_OF_A_CUSTOMERS_PLANE, ENVIRONMENT_OF_EVERY_MODEL } from '../parts/environment';
import {
  DEPROVISION_OF_CUSTOMERS,
  LIFECYCLE_OF_EVERY_MODEL,
  RESTORE_OF_CUSTOMERS,
  moveBy,
} from '../parts/lifecycle';
import { PROMISES_OF_EVERY_MODEL, entitlementsPromise } from '../parts/outage-contract';

export const HYBRID_PROFILE = profileWith({
  model: 'hybrid',
  title: 'Hybrid',
  bestFor: 'Local data with cloud intelligence.',
  runBy: {
    tenantPlane: 'customer',
    controlPlane: 'atlas',
    text: 'The customer runs the tenant plane, Atlas the Control Plane.',
  },
  controlPlaneRelation:
    'Cloud AI and routing, plus enrolment, changes to the tenant and integration checks, all ' +
    'outbound over HTTPS.',
  databases: {
    allowed: ['postgres', 'sqlite'],
    allowedInProduction: ['postgres', 'sqlite'],
    recommended: 'postgres',
    isolation: 'isolated',
    text: "The customer's Postgres, or a local SQLite file (one process), for all operational data.",
  },
  dataResidency: {
    heldBy: 'customer',
    text:
      "Incident, CMDB and automation data are stored only in the customer's network: in the database " +
      'named by TENANT_PLANE_DATABASE_URL, or by default in SQLite under data/. AI questions leave it.',
  },
  backupDuty: {
    who: ['customer'],
    text:
      'The customer backs up what it runs: snapshots of the database, the TLS certificates and the ' +
      'agent keys.',
  },
  provisioning: {
    text:
      'As on-prem: the customer installs the tenant plane with a provisioning token, then sets ' +
      'CONTROL_PLANE_BASE_URL, INTERNAL_SERVICE_SECRET and TENANT_PLANE_DATABASE_URL (or a SQLite file ' +
      'path).',
    steps: [
      'register-tenant-plane',
      'await-enrolment',
      'write-desired-state',
      'await-report',
      'prepare-signup-link',
      'activate',
    ],
  },
  lifecycle: {
    ...LIFECYCLE_OF_EVERY_MODEL,
    move: moveBy('register-tenant-plane', 'await-enrolment'),
    remove_copy: ['release-copy', 'end-trust'],
    deprovision: DEPROVISION_OF_CUSTOMERS,
    restore: RESTORE_OF_CUSTOMERS,
  },
  installRequired: true,
  selfRegistrationAllowed: true,
  offlineEnrolmentAllowed: false,
  tenantFixed: true,
  infrastructureCreated: false,
  outboundAddresses: 'any',
  aiRouting: 'control_plane',
  egress: egressWith({ never: ['tenant_route', 'backup_rows'], withConsent: ['move_rows'] }),
  guide: { title: 'Hybrid Deployment', doc: '/help/hybrid-deployment' },
  hints: [
    {
      kind: 'residency',
      text:
        'Operational data are stored only in your network (TENANT_PLANE_DATABASE_URL, or SQLite under ' +
        'data/). AI questions are sent through the Control Plane, so include only what may leave your ' +
        'network.',
    },
    {
      kind: 'connectivity',
      text:
        'Cloud AI requires stable outbound HTTPS to CONTROL_PLANE_BASE_URL; watch the integration ' +
        'checks. While the connection is down, AI pauses and incidents keep working locally.',
    },
    {
      kind: 'backup',
      text:
        'The cloud holds none of your operational data, so nothing can be restored from it. Snapshot ' +
        "your database, and keep the installation's env file, the TLS certificates and the agents' " +
        'folders with it.',
    },
  ],
  environment: [...ENVIRONMENT_OF_EVERY_MODEL, ...ENVIRONMENT_OF_A_CUSTOMERS_PLANE],
  outageContract: [
    ...PROMISES_OF_EVERY_MODEL,
    {
      capability: 'ai',
      needs: 'link',
      text:
        'AI is the cloud half of hybrid. It pauses, and questions get an error that explains why, unless ' +
        'the tenant has an AI of its own.',
    },
    {
      capability: 'tenant_address',
      needs: 'nothing',
      text: 'Users reach the tenant plane at its own endpoint, with no hop through the cloud.',
    },
    entitlementsPromise('The last signed lease is verified offline with the keys pinned at enrolment.'),
    {
      capability: 'tenant_lifecycle',
      needs: 'link',
      text: 'Enrolment, moves, suspension and plan changes wait until the Control Plane is reachable again.',
    },
  ],
});
