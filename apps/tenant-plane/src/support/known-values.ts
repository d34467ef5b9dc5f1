import { Secret } from '@atlas/platform';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { knownSecrets } from '../plane-identity/known-secrets';
import { type PlaneIdentity } from '../plane-identity/plane-identity.entity';
import { type KnownValue } from './redactor';

const SECRET_VARIABLE = /(SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|KEY$|PRIVATE|DATABASE_URL|SMTP_URL)/i;
/** Variables that name a file or a folder, not its content. */
const HARMLESS = /(_FILE|_PATH|_DIR)$/i;
const OWN_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** Every secret that this plane knows by its value: the environment's, and those that replaced them. */
export function knownValues(
  env: NodeJS.ProcessEnv,
  config: TenantPlaneConfig | null,
  identity: PlaneIdentity | null,
): KnownValue[] {
  const ofEnvironment = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && isSecret(name, value, config) ? valuesIn(name, value) : [],
  );
  const rotated = config === null ? [] : knownSecrets(config, identity);
  return [...ofEnvironment, ...rotated.map((secret) => ({ name: 'of this plane', value: secret.reveal() }))];
}

export function isSecret(name: string, value: string, config: TenantPlaneConfig | null): boolean {
  if (config?.[name as keyof TenantPlaneConfig] instanceof Secret) return true;
  return (SECRET_VARIABLE.test(name) && !HARMLESS.test(name)) || /:\/\/[^/\s]*@/.test(value);
}

/** The value and, if it is a URL, what it contains: the user, the password and the host. */
function valuesIn(name: string, value: string): KnownValue[] {
  const url = URL.canParse(value) && value.includes('://') ? new URL(value) : undefined;
  const host = url && !OWN_HOSTS.includes(url.hostname) ? [url.hostname] : [];
  const parts = url ? [url.password, decoded(url.password), ...host] : [];
  return [value, ...parts].filter((part) => part !== '').map((part) => ({ name, value: part }));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
