import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPlainHttp } from '@atlas/platform/loopback';
import { type Terminal, UsageError } from '../command';
import { ControlPlaneClient } from '../control-plane/control-plane-client';
import { type DevStack } from '../stack/dev-stack-file';
import { readPrivateFile } from '../stack/private-file';
import { type Option, type Values } from './options';

/** The key is no option: what stands in a command line, everybody on the machine can read. */
export const CONNECTION_OPTIONS: readonly Option[] = [
  { name: 'url', value: '<url>', text: 'the Control Plane (default: ATLAS_URL; neither: the local stack)' },
  { name: 'key-file', value: '<file>', text: 'holds the API key (default: ATLAS_API_KEY)' },
];

const DEV_STACK = 'data/dev-stack.json';

interface Place {
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
}

/** The Control Plane that options or environment name; without any, that of the local stack. Throws {@link UsageError}. */
export function connect(values: Values, place: Place, terminal: Terminal): ControlPlaneClient {
  const url = values['url'] ?? (place.env['ATLAS_URL'] || undefined);
  const key = keyIn(values, place.env);
  const never = new AbortController().signal;
  if (url === undefined && key === undefined) {
    const { url: localUrl, api_key: localKey } = localStack(place.directory).control_plane;
    terminal.err(`Control Plane of the local stack, ${localUrl} (${DEV_STACK})\n`);
    return new ControlPlaneClient(localUrl, localKey, never);
  }
  if (url === undefined) throw new UsageError('Which Control Plane is the key for? Set ATLAS_URL, or --url.');
  if (key === undefined)
    throw new UsageError(`With which API key to ${url}? Set ATLAS_API_KEY, or --key-file.`);
  return new ControlPlaneClient(addressIn(String(url)), key, never);
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

function localStack(directory: string): DevStack {
  const found = readPrivateFile(join(directory, DEV_STACK)) as DevStack | undefined;
  if (found) return found;
  throw new UsageError(
    `Which Control Plane? Set ATLAS_URL and ATLAS_API_KEY; or start the local one here (npm start): there is no ${DEV_STACK}.`,
  );
}
