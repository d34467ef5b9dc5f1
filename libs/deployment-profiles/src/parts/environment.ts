import { type EnvironmentVariable } from './deployment-profile';

/** Variables that matter to the tenant planes of every model (API.md section 5). */
export const ENVIRONMENT_OF_EVERY_MODEL: readonly EnvironmentVariable[] = [
  {
    name: 'ATLAS_TP_DEPLOYMENT',
    required: 'optional',
    text:
      'The deployment model, which drives the hints; TP_DEPLOYMENT_MODE is an alias. If unset, the ' +
      'Control Plane supplies it at enrolment.',
  },
  {
    name: 'CONTROL_PLANE_BASE_URL',
    required: 'online',
    text:
      'The Control Plane, for enrolment, changes to tenants, AI routing and integration checks. HTTPS, ' +
      'except to loopback.',
  },
  {
    name: 'INTERNAL_SERVICE_SECRET',
    required: 'online',
    text:
      "Signs every call to the Control Plane; must match the Control Plane's configuration for this " +
      'tenant plane.',
  },
  {
    name: 'ATLAS_PROVISIONING_TOKEN',
    required: 'to_enrol',
    text: 'The single-use token for enrolling this tenant plane; remove it afterwards.',
  },
  {
    name: 'TENANT_PLANE_DATABASE_URL',
    required: 'optional',
    text: 'A Postgres URL (recommended for production) or a SQLite file path. If unset, SQLite under data/.',
  },
];

/** The public domain under which Atlas gives each tenant its own address. */
export const TENANT_BASE_DOMAIN: EnvironmentVariable = {
  name: 'TENANT_BASE_DOMAIN',
  required: 'optional',
  text: 'Tenants are reached at <slug>.<this domain>.',
};

/** Additional variables for customers who run the tenant plane. */
export const ENVIRONMENT_OF_A_CUSTOMERS_PLANE: readonly EnvironmentVariable[] = [
  {
    name: 'TENANT_PLANE_MIGRATION_DATABASE_URL',
    required: 'optional',
    text:
      'The owner of the schema on Postgres, used only to migrate, if the application should not own its ' +
      'tables.',
  },
  {
    name: 'NODE_EXTRA_CA_CERTS',
    required: 'optional',
    text:
      'A file with your private certificate authority, if a proxy terminates TLS on the way to the ' +
      'Control Plane.',
  },
  {
    name: 'ATLAS_ALLOW_REGISTER',
    required: 'optional',
    text: "1 lets the tenant's admin register the first account while the tenant has no users.",
  },
];
