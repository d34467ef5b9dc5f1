/**
 * Variables that the stack sets itself, and why. If set in the shell, they may be meant for another
 * installation.
 */
const DECIDED: readonly { readonly names: readonly string[]; readonly why: string }[] = [
  {
    names: [
      'CONTROL_PLANE_DATABASE_URL',
      'CONTROL_PLANE_MIGRATION_DATABASE_URL',
      'TENANT_PLANE_DATABASE_URL',
      'TENANT_PLANE_MIGRATION_DATABASE_URL',
      'LOCAL_DRIVER_DIR',
      'LOCAL_DRIVER_POSTGRES_URL',
    ],
    why: 'its databases are in the data folder (--data-dir, --postgres)',
  },
  {
    names: [
      'PORT',
      'CONTROL_PLANE_BASE_URL',
      'CONTROL_PLANE_PUBLIC_URL',
      'TENANT_BASE_DOMAIN',
      'TENANT_PLANE_PUBLIC_URL',
    ],
    why: 'its addresses follow from ATLAS_CP_PORT and ATLAS_TP_PORT',
  },
  {
    names: [
      'ATLAS_PROVISIONING_TOKEN',
      'CONTROL_PLANE_SEALING_KEYS',
      'INTERNAL_SERVICE_SECRET',
      'INTERNAL_SERVICE_SECRET_PREVIOUS',
    ],
    why: 'it creates its own secrets and keeps them in the data folder',
  },
  {
    names: [
      'ATLASAI_OFFLINE_MODE',
      'ATLAS_ALLOW_REGISTER',
      'ATLAS_OFFLINE_MODE',
      'ATLAS_TP_DEPLOYMENT',
      'TP_DEPLOYMENT_MODE',
    ],
    why: 'its Tenant Plane is shared and connected to its Control Plane',
  },
];
const FIXED: Readonly<Record<string, string>> = { NODE_ENV: 'development', HOST: '127.0.0.1' };
/** Variables that `atlas` itself reads, and that the planes do not need. */
const NO_PLANES = ['ATLAS_API_KEY', 'ATLAS_DATA_DIR', 'ATLAS_URL'];

/** The shell's variables without those that configure other planes, plus those that this stack sets. */
export function planeEnvironment(
  shell: NodeJS.ProcessEnv,
  decided: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const left = new Set([...DECIDED.flatMap(({ names }) => names), ...NO_PLANES]);
  // Variables such as PGPORT would affect every Postgres client.
  const isInherited = (name: string): boolean => !left.has(name) && !name.startsWith('PG');
  const inherited = Object.entries(shell).filter(([name]) => isInherited(name));
  return { ...Object.fromEntries(inherited), ...FIXED, ...decided };
}

/** One sentence for each reason why shell variables are not passed on to the planes. */
export function ignoredVariables(shell: NodeJS.ProcessEnv): string[] {
  const fixed = Object.entries(FIXED).map(([name, value]) => ({
    names: shell[name] === value ? [] : [name],
    why: `its planes run with ${name}=${value}`,
  }));
  return [...DECIDED, ...fixed].flatMap(({ names, why }) => {
    const set = names.filter((name) => (shell[name] ?? '') !== '');
    return set.length === 0 ? [] : [`The local stack ignores ${set.join(', ')}, because ${why}.`];
  });
}
