import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { isPlainHttp } from '@atlas/platform/loopback';
import { type Terminal } from '../command';
import { ControlPlaneClient } from '../control-plane/control-plane-client';
import { type Silence } from '../control-plane/http-call';
import { CommandFailure, EXIT, UsageError } from '../failure';
import { type Given, type Option, type Values } from '../options';
import { DataDirectory } from '../stack/data-directory';
import { type DevStack } from '../stack/dev-stack-file';
import { readPrivateFile } from '../stack/private-file';
import { ProcessList } from '../stack/process-list';
import { dataDirectoryIn } from '../stack/stack-options';
import { dataDirOption } from '../stack/stack-summary';
import { shellWord } from '../text';
import { note } from './note';

/** The Control Plane may hold a repeated request for 10 s, until the first request is done. */
const PATIENCE_SECONDS = 15;
const LONGEST_PATIENCE_SECONDS = 86_400;

const group = 'Connection';

/** There is no option for the key itself, because every user of the machine can read command lines. */
export const CONNECTION_OPTIONS: readonly Option[] = [
  {
    group,
    name: 'url',
    value: '<url>',
    text: 'the Control Plane',
    default: 'ATLAS_URL, or else the local stack',
  },
  {
    group,
    name: 'key-file',
    value: '<file>',
    text: 'file that contains the API key',
    default: 'ATLAS_API_KEY',
  },
  {
    group,
    name: 'data-dir',
    value: '<folder>',
    text: 'data folder of the local stack',
    default: 'ATLAS_DATA_DIR, or else data',
  },
  {
    group,
    name: 'timeout',
    value: '<seconds>',
    isNumber: true,
    text: 'how long to wait for a response; watching a job has no limit',
    default: String(PATIENCE_SECONDS),
  },
];

/** The connection options that the user gave, for a command to suggest. Empty if there were none. */
export function connectionOf(values: Values): string {
  return ['url', 'key-file', 'session-file', 'data-dir']
    .filter((name) => values[name] !== undefined)
    .map((name) => ` --${name} ${shellWord(String(values[name]))}`)
    .join('');
}

export interface Place {
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
}

type Input = Pick<Given, 'values' | 'isJson'>;
type ClientFor = (url: string, key: string, whySilent?: () => Silence) => ControlPlaneClient;

/**
 * The Control Plane that the options or the environment specify, or else the local stack's Control Plane.
 * Throws {@link UsageError}.
 */
export function connect(input: Input, place: Place, terminal: Terminal): ControlPlaneClient {
  const { values } = input;
  const timeout = Number(values['timeout'] ?? PATIENCE_SECONDS);
  if (timeout < 1 || timeout > LONGEST_PATIENCE_SECONDS)
    throw new UsageError(`--timeout is ${timeout}, but must be 1 to ${LONGEST_PATIENCE_SECONDS}.`);
  const timeoutMs = timeout * 1000;
  const clientFor: ClientFor = (url, key, whySilent) =>
    new ControlPlaneClient(url, key, new AbortController().signal, timeoutMs, whySilent);
  if (values['data-dir'] !== undefined && (values['url'] ?? values['key-file']) !== undefined)
    throw new UsageError('--data-dir names a local stack and its key. Leave out --url and --key-file.');
  const given = urlIn(values, place.env);
  const url = given === undefined ? undefined : addressIn(given);
  const key = values['data-dir'] === undefined ? keyIn(values, place.env) : undefined;
  if (url === undefined && key === undefined) return localStack(input, place, terminal, clientFor);
  if (url === undefined)
    throw new UsageError('There is an API key, but no Control Plane address.', {
      hint: 'Set ATLAS_URL, or pass --url <url>.',
    });
  if (key === undefined)
    throw new UsageError(`There is no API key for ${url}.`, {
      hint: 'Set ATLAS_API_KEY, or pass --key-file <file>.',
    });
  return clientFor(url, key);
}

/** The URL from the options or the environment. Undefined for the local stack. */
export function urlIn(values: Values, { ATLAS_URL: url }: NodeJS.ProcessEnv): string | undefined {
  if (values['data-dir'] !== undefined) return undefined;
  return values['url'] === undefined ? url || undefined : String(values['url']);
}

function keyIn({ 'key-file': file }: Values, { ATLAS_API_KEY: key }: NodeJS.ProcessEnv): string | undefined {
  if (typeof file !== 'string') return checkedKey(key || undefined, 'ATLAS_API_KEY');
  try {
    return checkedKey(readFileSync(file, 'utf8').trim(), file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read the API key: ${(error as Error).message}`);
  }
}

/** Checked here because fetch's error about an invalid header would repeat the key. */
function checkedKey(key: string | undefined, where: string): string | undefined {
  if (key === undefined || /^[\x21-\x7e]+$/.test(key)) return key;
  throw new UsageError(`${where} does not contain a valid API key, which is a single word.`);
}

/** Never repeats a password in the URL. */
function addressIn(url: string): string {
  if (/^[^/]*\/\/[^/]*@/.test(url))
    throw new UsageError('The address of the Control Plane contains a user name or a password.', {
      hint: 'Leave it out. The API key comes from ATLAS_API_KEY or --key-file <file>.',
    });
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is not an http(s) URL.`, {
      hint: 'Pass the address of the Control Plane, such as https://control.atlas.example.',
    });
  if (isPlainHttp(url))
    throw new UsageError(`${url} would send the API key unencrypted.`, {
      hint: 'Use https, or a tunnel to localhost.',
    });
  return url.replace(/\/+$/, '');
}

/** Where the local stack keeps its data. */
export function localData({ 'data-dir': named }: Values, { env, directory }: Place): DataDirectory {
  return new DataDirectory(resolve(directory, String(named ?? dataDirectoryIn(env))));
}

function localStack(
  input: Input,
  place: Place,
  terminal: Terminal,
  clientFor: ClientFor,
): ControlPlaneClient {
  const { directory } = place;
  const data = localData(input.values, place);
  const { url, api_key: key } = localStackIn(input.values, place, CONTROL_PLANE).control_plane;
  const file = pathFrom(directory, data.devStack);
  if (!input.isJson) note({ terminal, isJson: false }, `Using the local stack at ${url} (${file})`);
  return clientFor(url, key, () => whySilent(data, directory));
}

/** What a command looks for if its user has not named it. */
interface Sought {
  readonly name: string;
  readonly code: string;
  /** How to name it. */
  readonly otherwise: string;
}

const CONTROL_PLANE: Sought = {
  name: 'Control Plane',
  code: 'no_control_plane',
  otherwise: 'set ATLAS_URL and ATLAS_API_KEY',
};

/** The addresses and credentials of the local stack. Throws if there is none, or if it is still starting. */
export function localStackIn(values: Values, place: Place, { name, code, otherwise }: Sought): DevStack {
  const { directory } = place;
  const data = localData(values, place);
  const { devStack } = data;
  const found = readPrivateFile(devStack) as DevStack | undefined;
  if (found) return found;
  if (new ProcessList(data.processList).isStackRunning)
    throw new CommandFailure(`The local stack in ${pathFrom(directory, data.root)} is still starting.`, {
      code: 'local_stack_starting',
      exitCode: EXIT.noAccess,
      hint: 'Wait until npm start shows its addresses, then run this again.',
    });
  const file = pathFrom(directory, devStack);
  throw new UsageError(`No ${name} is specified, and there is no local stack: ${file} does not exist.`, {
    code,
    hint:
      'Run npm start, or pass the data folder of a local stack (--data-dir or ATLAS_DATA_DIR), or ' +
      `${otherwise}.`,
  });
}

/** Called only if the Control Plane does not respond, since a response says more than the process list. */
function whySilent(data: DataDirectory, directory: string): Silence {
  const folder = pathFrom(directory, data.root);
  if (new ProcessList(data.processList).isStackRunning)
    return {
      reason: `The local stack in ${folder} is running, but its Control Plane is not ready.`,
      hint: `Its log says why: ${pathFrom(directory, data.logFile('control-plane'))}`,
    };
  const option = dataDirOption(directory, data.devStack);
  return {
    reason: `The local stack in ${folder} is not running.`,
    hint: `Start it: npm start${option && ` --${option}`}`,
  };
}

export function pathFrom(directory: string, file: string): string {
  const path = relative(directory, file);
  return path.startsWith('..') ? file : path;
}
