import { resolve } from 'node:path';
import { UsageError } from '../failure';
import { type Given, type Option } from '../options';

export const STACK_DATABASES = ['sqlite', 'postgres'] as const;
export type StackDatabase = (typeof STACK_DATABASES)[number];

export interface WantedPort {
  readonly variable: string;
  /** 0 for any free port. */
  readonly port: number;
}

export interface StackOptions {
  /** Absolute. */
  readonly dataDir: string;
  readonly database: StackDatabase;
  readonly isJson: boolean;
  readonly controlPlanePort: WantedPort;
  readonly tenantPlanePort: WantedPort;
}

export const STACK_OPTIONS: readonly Option[] = [
  { name: 'postgres', text: 'use a Postgres server from the packages instead of SQLite' },
  { name: 'json', text: 'write one line of JSON when ready; progress goes to standard error' },
  {
    name: 'data-dir',
    value: '<folder>',
    text: 'folder for databases, logs and credentials',
    default: 'ATLAS_DATA_DIR, or else data',
  },
];

/** Where a local stack keeps its data without `--data-dir`. */
export function dataDirectoryIn({ ATLAS_DATA_DIR: folder }: NodeJS.ProcessEnv): string {
  return folder || 'data';
}

/** Throws {@link UsageError}. */
export function stackOptions(
  { values, isJson }: Pick<Given, 'values' | 'isJson'>,
  env: NodeJS.ProcessEnv,
  directory: string,
): StackOptions {
  const options: StackOptions = {
    dataDir: resolve(directory, String(values['data-dir'] ?? dataDirectoryIn(env))),
    database: values['postgres'] ? 'postgres' : 'sqlite',
    isJson,
    controlPlanePort: wantedPort('ATLAS_CP_PORT', 4100, env),
    tenantPlanePort: wantedPort('ATLAS_TP_PORT', 4200, env),
  };
  const { controlPlanePort, tenantPlanePort } = options;
  if (controlPlanePort.port !== 0 && controlPlanePort.port === tenantPlanePort.port)
    throw new UsageError(
      `ATLAS_CP_PORT and ATLAS_TP_PORT are both ${controlPlanePort.port}, but must differ.`,
    );
  return options;
}

function wantedPort(variable: string, standard: number, env: NodeJS.ProcessEnv): WantedPort {
  const text = env[variable] || String(standard);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535))
    throw new UsageError(`${variable} is "${text}", but must be a port, or 0 for any free port.`);
  return { variable, port };
}
