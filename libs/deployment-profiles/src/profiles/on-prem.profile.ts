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

export const ON_PREM_PROFILE = profileWith({
  model: 'on_prem',
  title: 'On-prem / customer VPC',
  bestFor: 'Strict data residency.',
  runBy: {
    tenantPlane: 'customer',
    controlPlane: 'atlas',
    text: 'The customer runs the tenant plane on its own premises or in its own VPC.',
  },
  controlPlaneRelation:
    'Reachable over HTTPS, outbound only: enrolment, changes to the tenant, integration checks, and ' +
    'AI if the admin allows it. It is never on the request path.',
  databases: {
    allowed: ['postgres', 'sqlite'],
    allowedInProduction: ['postgres', 'sqlite'],
    recommended: 'postgres',
    isolation: 'isolated',
    text: "The customer's Postgres, or a local SQLite file (one process).",
  },
  dataResidency: {
    heldBy: 'customer',
    text:
      "Incident, CMDB and automation data live in the customer's network: in the database named by " +
      'TENANT_PLANE_DATABASE_URL, or by default in SQLite under data/.',
  },
  backupDuty: {
    who: ['customer'],
    text: 'The customer backs up: snapshots of the database, the TLS certificates and the agent keys.',
  },
  provisioning: {
    text:
      'The customer installs the tenant plane with a provisioning token, then sets ' +
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
  offlineEnrolmentAllowed: true,
  tenantFixed: true,
  infrastructureCreated: false,
  outboundAddresses: 'any',
  aiRouting: 'control_plane_if_admin_allows',
  egress: egressWith({ never: ['tenant_route', 'backup_rows'], withConsent: ['move_rows', 'ai_prompt'] }),
  guide: { title: 'On-Prem Installation', doc: '/help/on-prem-installation' },
  hints: [
    {
      kind: 'residency',
      text:
        'Incident, CMDB and automation data stay in your network: in the database named by ' +
        'TENANT_PLANE_DATABASE_URL, or by default in SQLite under data/. AI is off until your admin ' +
        'allows it, because its prompts leave your network.',
    },
    {
      kind: 'connectivity',
      text:
        'Allow outbound HTTPS to CONTROL_PLANE_BASE_URL for enrolment, changes to your tenant and ' +
        'integration checks; no inbound access is needed. If permanently disconnected, set ' +
        'ATLAS_OFFLINE_MODE=1, enrol by files, and load leases from files.',
    },
    {
      kind: 'backup',
      text:
        "Backups are your responsibility. Snapshot the database, and keep the installation's env file, " +
        "the TLS certificates and the agents' folders with it.",
    },
  ],
  environment: [
    ...ENVIRONMENT_OF_EVERY_MODEL,
    ...ENVIRONMENT_OF_A_CUSTOMERS_PLANE,
    {
      name: 'ATLAS_OFFLINE_MODE',
      required: 'optional',
      text:
        '1 makes no calls to the Control Plane (air-gapped) and enrols by files. ATLASAI_OFFLINE_MODE ' +
        'is an alias.',
    },
  ],
  outageContract: [
    ...PROMISES_OF_EVERY_MODEL,
    {
      capability: 'ai',
      needs: 'link',
      text:
        'Used only if your admin allows it, and then through the Control Plane. Until it is back, ' +
        'questions get an error that explains why, unless your admin has set an AI of your own.',
    },
    {
      capability: 'tenant_address',
      needs: 'nothing',
      text: 'Users reach the tenant plane inside your network, at the name you gave it.',
    },
    entitlementsPromise(
      'A lease can also be renewed from a file, so an air-gapped plane keeps its entitlements.',
    ),
    {
      capability: 'tenant_lifecycle',
      needs: 'link',
      text: 'Enrolment, moves and plan changes wait. You still upgrade the tenant plane yourself.',
    },
  ],
});
