import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { isPlainHttp } from '@atlas/platform/loopback';
import { CommandFailure, EXIT, type Terminal, UsageError } from '../command';
import { ControlPlaneClient } from '../control-plane/control-plane-client';
import { DataDirectory } from '../stack/data-directory';
import { type DevStack } from '../stack/dev-stack-file';
import { readPrivateFile } from '../stack/private-file';
import { ProcessList } from '../stack/process-list';
import { dataDirectoryIn } from '../stack/stack-options';
import { dataDirOption } from '../stack/stack-summary';
import { type Option, type Values } from './options';

/** Longer than the Control Plane lets a repeated request wait for the first one (10 s). */
const PATIENCE_SECONDS = 15;

/** The key is no option: what stands in a command line, everybody on the machine can read. */
export const CONNECTION_OPTIONS: readonly Option[] = [
  { name: 'url', value: '<url>', text: 'the Control Plane (default: ATLAS_URL; neither: the local stack)' },
  { name: 'key-file', value: '<file>', text: 'holds the API key (default: ATLAS_API_KEY)' },
  {
    ...{ name: 'data-dir', value: '<folder>' },
    text: 'the local stack that keeps its data there (default: ATLAS_DATA_DIR, or data)',
  },
  {
    ...{ name: 'timeout', value: '<seconds>', isNumber: true },
    text: `how long the Control Plane may take to answer (default ${PATIENCE_SECONDS}); no limit to watching a job`,
  },
];

interface Place {
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
}

type ClientFor = (url: string, key: string, whySilent?: () => string) => ControlPlaneClient;

/** The Control Plane that options or environment name; without any, that of the local stack. Throws {@link UsageError}. */
export function connect(values: Values, place: Place, terminal: Terminal): ControlPlaneClient {
  const timeoutMs = Number(values['timeout'] ?? PATIENCE_SECONDS) * 1000;
  if (timeoutMs === 0) throw new UsageError('--timeout is 0: it must be a second or more.');
  const clientFor: ClientFor = (url, key, whySilent) =>
    new ControlPlaneClient(url, key, new AbortController().signal, timeoutMs, whySilent);
  if (values['data-dir'] !== undefined) {
    if (values['url'] !== undefined || values['key-file'] !== undefined)
      throw new UsageError('--data-dir names a local stack, with its key: leave out --url and --key-file.');
    return localStack(values, place, terminal, clientFor);
  }
  const url = values['url'] ?? (place.env['ATLAS_URL'] || undefined);
  const key = keyIn(values, place.env);
  if (url === undefined && key === undefined) return localStack(values, place, terminal, clientFor);
  if (url === undefined) throw new UsageError('Which Control Plane is the key for? Set ATLAS_URL, or --url.');
  if (key === undefined)
    throw new UsageError(`With which API key to ${url}? Set ATLAS_API_KEY, or --key-file.`);
  return clientFor(addressIn(String(url)), key);
}

function keyIn({ 'key-file': file }: Values, { ATLAS_API_KEY: key }: NodeJS.ProcessEnv): string | undefined {
  if (typeof file !== 'string') return checkedKey(key || undefined, 'ATLAS_API_KEY');
  try {
    return checkedKey(readFileSync(file, 'utf8').trim(), file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The API key cannot be read: ${(error as Error).message}`);
  }
}

/** What does not go into a header would be repeated by the error about it. */
function checkedKey(key: string | undefined, where: string): string | undefined {
  if (key === undefined || /^[\x21-\x7e]+$/.test(key)) return key;
  throw new UsageError(`What ${where} holds is no API key: it must be one word.`);
}

function addressIn(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is no http(s) address of a Control Plane.`);
  if (isPlainHttp(url))
    throw new UsageError(
      `${url} would carry the API key for all to read: use https, or tunnel to localhost.`,
    );
  return url.replace(/\/+$/, '');
}

function localStack(
  values: Values,
  { env, directory }: Place,
  terminal: Terminal,
  clientFor: ClientFor,
): ControlPlaneClient {
  const named = values['data-dir'] as string | undefined;
  const data = new DataDirectory(resolve(directory, named ?? dataDirectoryIn(env)));
  const { devStack } = data;
  const found = readPrivateFile(devStack) as DevStack | undefined;
  const file = pathFrom(directory, devStack);
  if (!found && new ProcessList(data.processList).isStackRunning)
    throw new CommandFailure(
      `The local stack in ${pathFrom(directory, data.root)} is still starting. Wait until npm start shows its addresses, then run this again.`,
      EXIT.noAccess,
    );
  if (!found)
    throw new UsageError(
      `Which Control Plane? There is no ${file}. Start the local stack (npm start) and wait until it shows its addresses, name the folder that it keeps its data in (--data-dir or ATLAS_DATA_DIR), or set ATLAS_URL and ATLAS_API_KEY.`,
    );
  const { url, api_key: key } = found.control_plane;
  terminal.err(`Control Plane of the local stack, ${url} (${file})\n`);
  return clientFor(url, key, () => whySilent(data, directory));
}

/** Looked up once it is silent: an answer says more than a list of processes. */
function whySilent(data: DataDirectory, directory: string): string {
  const folder = pathFrom(directory, data.root);
  if (new ProcessList(data.processList).isStackRunning)
    return `The local stack in ${folder} is running, its Control Plane is not ready: see ${pathFrom(directory, data.logFile('control-plane'))}`;
  const option = dataDirOption(directory, data.devStack);
  return `The local stack in ${folder} is not running. Start it: npm start${option && ` --${option}`}`;
}

function pathFrom(directory: string, file: string): string {
  const path = relative(directory, file);
  return path.startsWith('..') ? file : path;
}
