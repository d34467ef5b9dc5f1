import { existsSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from '../command';
import { readEnvFile } from './env-file';

export const DEFAULT_ENV_FILE = 'atlas-tp.env';

export const COMMON_USAGE = `  --env-file <file>   the variables of the install bundle, NAME=value (default: ${DEFAULT_ENV_FILE} where there is one);
                      they go before those of the shell
  --json              one JSON document instead of text
  --help
`;

const COMMON = { 'env-file': { type: 'string' }, json: { type: 'boolean', default: false } } as const;

type Flags = NonNullable<ParseArgsConfig['options']>;
type Values = Readonly<Record<string, string | boolean | undefined>>;

export interface InstallOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly isJson: boolean;
  readonly values: Values;
}

/** Without any of these the shell holds no installation either. */
const BUNDLE = [
  'CONTROL_PLANE_BASE_URL',
  'INTERNAL_SERVICE_SECRET',
  'ATLAS_TP_DEPLOYMENT',
  'TP_DEPLOYMENT_MODE',
  'ATLAS_OFFLINE_MODE',
  'ATLASAI_OFFLINE_MODE',
];

/** The options that the commands have in common, with the environment that they lead to. */
export function installOptions(
  args: readonly string[],
  shell: NodeJS.ProcessEnv,
  flags: Flags = {},
): InstallOptions {
  const values = parsed(args, { ...COMMON, ...flags });
  const given = values['env-file'];
  const file =
    typeof given === 'string' ? given : existsSync(DEFAULT_ENV_FILE) ? DEFAULT_ENV_FILE : undefined;
  if (file === undefined && BUNDLE.every((name) => !shell[name]))
    throw new UsageError(
      `There is no ${DEFAULT_ENV_FILE} in ${process.cwd()}. Go to the folder that holds it, name it (--env-file), or write it: atlas-tp env < install.json`,
    );
  const env = file === undefined ? shell : { ...shell, ...readEnvFile(file) };
  return { env, isJson: values['json'] === true, values };
}

function parsed(args: readonly string[], options: Flags): Values {
  try {
    return parseArgs({ args: [...args], options }).values as Values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
