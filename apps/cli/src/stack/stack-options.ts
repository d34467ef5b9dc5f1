import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../command';

export const STACK_DATABASES = ['sqlite', 'postgres'] as const;
export type StackDatabase = (typeof STACK_DATABASES)[number];

export interface WantedPort {
  readonly variable: string;
  /** 0: any free one. */
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

const FLAGS = {
  postgres: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  'data-dir': { type: 'string' },
} as const;

/** Where a local stack keeps its data when no option says so. */
export function dataDirectoryIn({ ATLAS_DATA_DIR: folder }: NodeJS.ProcessEnv): string {
  return folder || 'data';
}

export function stackOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  directory: string,
): StackOptions {
  const flags = parsed(args);
  const options: StackOptions = {
    dataDir: resolve(directory, flags['data-dir'] ?? dataDirectoryIn(env)),
    database: flags.postgres ? 'postgres' : 'sqlite',
    isJson: flags.json,
    controlPlanePort: wantedPort('ATLAS_CP_PORT', 4100, env),
    tenantPlanePort: wantedPort('ATLAS_TP_PORT', 4200, env),
  };
  const { controlPlanePort, tenantPlanePort } = options;
  if (controlPlanePort.port !== 0 && controlPlanePort.port === tenantPlanePort.port)
    throw new UsageError(
      `ATLAS_CP_PORT and ATLAS_TP_PORT are both ${controlPlanePort.port}: they must differ.`,
    );
  return options;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wantedPort(variable: string, standard: number, env: NodeJS.ProcessEnv): WantedPort {
  const text = env[variable] || String(standard);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535))
    throw new UsageError(`${variable} is "${text}": it must be a port, or 0 for any free one.`);
  return { variable, port };
}
