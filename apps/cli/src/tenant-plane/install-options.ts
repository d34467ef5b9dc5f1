import { existsSync } from 'node:fs';
import { UsageError } from '../failure';
import { type Given, type Option } from '../options';
import { readEnvFile } from './env-file';

export const DEFAULT_ENV_FILE = 'atlas-tp.env';

export const GROUP = 'Tenant plane';

export const INSTALL_OPTIONS: readonly Option[] = [
  {
    name: 'env-file',
    value: '<file>',
    text: 'NAME=value lines of the install bundle, which override the shell',
    default: `${DEFAULT_ENV_FILE}, if it exists`,
  },
  { name: 'json', text: 'write one JSON document instead of text, also for errors' },
];

/** Variables of an install bundle. If the shell sets none of these, it does not configure an installation. */
const BUNDLE = [
  'CONTROL_PLANE_BASE_URL',
  'INTERNAL_SERVICE_SECRET',
  'ATLAS_TP_DEPLOYMENT',
  'TP_DEPLOYMENT_MODE',
  'ATLAS_OFFLINE_MODE',
  'ATLASAI_OFFLINE_MODE',
];

/** The environment of the plane: from the env file, or else from the shell. Throws {@link UsageError}. */
export function planeEnvironmentOf(
  { values }: Pick<Given, 'values'>,
  shell: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const file = envFileOf({ values });
  if (file === undefined && BUNDLE.every((name) => !shell[name]))
    throw new UsageError(`There is no ${DEFAULT_ENV_FILE} in ${process.cwd()}.`, {
      code: 'no_env_file',
      hint: 'Change to its folder, pass --env-file <file>, or write it: atlas-tp env < install.json',
    });
  return file === undefined ? shell : { ...shell, ...readEnvFile(file) };
}

/** The env file that is named or is in this folder; undefined if the shell sets the variables. */
export function envFileOf({ values }: Pick<Given, 'values'>): string | undefined {
  const given = values['env-file'];
  if (typeof given === 'string') return given;
  return existsSync(DEFAULT_ENV_FILE) ? DEFAULT_ENV_FILE : undefined;
}
