/** What a developer's shell may hold for another installation, and what would turn the local stack into something else. */
const NOT_INHERITED = [
  'ATLASAI_OFFLINE_MODE',
  'ATLAS_ALLOW_REGISTER',
  'ATLAS_API_KEY',
  'ATLAS_OFFLINE_MODE',
  'ATLAS_PROVISIONING_TOKEN',
  'ATLAS_TP_DEPLOYMENT',
  'ATLAS_URL',
  'CONTROL_PLANE_BASE_URL',
  'CONTROL_PLANE_DATABASE_URL',
  'CONTROL_PLANE_MIGRATION_DATABASE_URL',
  'CONTROL_PLANE_PUBLIC_URL',
  'CONTROL_PLANE_SEALING_KEYS',
  'INFRASTRUCTURE_DRIVER',
  'INTERNAL_SERVICE_SECRET',
  'INTERNAL_SERVICE_SECRET_PREVIOUS',
  'LOCAL_DRIVER_DIR',
  'LOCAL_DRIVER_POSTGRES_URL',
  'LOCAL_DRIVER_TENANT_PLANE',
  'TENANT_BASE_DOMAIN',
  'TENANT_PLANE_DATABASE_URL',
  'TENANT_PLANE_MIGRATION_DATABASE_URL',
  'TENANT_PLANE_PUBLIC_URL',
  'TP_DEPLOYMENT_MODE',
];

/** A plane's environment: the shell's, without what is about other planes, and what this stack decides. */
export function planeEnvironment(
  shell: NodeJS.ProcessEnv,
  decided: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  // PGPORT and the like would speak to every Postgres client.
  const isInherited = (name: string): boolean => !NOT_INHERITED.includes(name) && !name.startsWith('PG');
  const inherited = Object.entries(shell).filter(([name]) => isInherited(name));
  return { ...Object.fromEntries(inherited), NODE_ENV: 'development', HOST: '127.0.0.1', ...decided };
}
