import { type EnvironmentVariable } from './deployment-profile';

/** The variables that matter to a tenant plane of any model (API.md section 5). */
export const ENVIRONMENT_OF_EVERY_MODEL: readonly EnvironmentVariable[] = [
  {
    name: 'ATLAS_TP_DEPLOYMENT',
    required: 'optional',
    text: 'The deployment model, which drives the hints; TP_DEPLOYMENT_MODE is an alias. Left out, the Control Plane tells it at enrolment.',
  },
  {
    name: 'CONTROL_PLANE_BASE_URL',
    required: 'online',
    text: 'The Control Plane, for enrolment, changes to tenants, AI routing and integration checks. HTTPS, except to loopback.',
  },
  {
    name: 'INTERNAL_SERVICE_SECRET',
    required: 'online',
    text: "Signs every call to the Control Plane; must match the Control Plane's configuration for this tenant plane.",
  },
  {
    name: 'ATLAS_PROVISIONING_TOKEN',
    required: 'to_enrol',
    text: 'The single-use token with which this tenant plane enrols; remove it afterwards.',
  },
  {
    name: 'TENANT_PLANE_DATABASE_URL',
    required: 'optional',
    text: 'A Postgres URL (recommended for production) or a SQLite file path. Left out, SQLite under data/.',
  },
];

/** The public domain below which Atlas gives tenants an address of their own. */
export const TENANT_BASE_DOMAIN: EnvironmentVariable = {
  name: 'TENANT_BASE_DOMAIN',
  required: 'optional',
  text: 'Tenants are found at <slug>.<this domain>.',
};

/** What a customer who runs the tenant plane can set besides. */
export const ENVIRONMENT_OF_A_CUSTOMERS_PLANE: readonly EnvironmentVariable[] = [
  {
    name: 'TENANT_PLANE_MIGRATION_DATABASE_URL',
    required: 'optional',
    text: 'The owner of the schema on Postgres, used only to migrate, where the application should not own its tables.',
  },
  {
    name: 'NODE_EXTRA_CA_CERTS',
    required: 'optional',
    text: 'A file with your private certificate authority, where a proxy opens TLS on the way to the Control Plane.',
  },
  {
    name: 'ATLAS_ALLOW_REGISTER',
    required: 'optional',
    text: "1 lets the tenant's admin e-mail register the first account while the tenant has no user.",
  },
];
