import { readFileSync } from 'node:fs';
import { isPlainHttp } from '@atlas/platform/loopback';
import { callJson } from '../control-plane/http-call';
import { UsageError } from '../failure';
import { type Terminal } from '../command';
import { localStackIn } from '../operator/connection';
import { note } from '../operator/note';
import { type Given, type Option } from '../options';
import { TenantClient } from '../tenant-client/tenant-client';

const group = 'Connection';

export const SESSION_OPTIONS: readonly Option[] = [
  {
    group,
    name: 'url',
    value: '<url>',
    text: "the tenant's address",
    default: 'the demo tenant of the local stack',
  },
  {
    group,
    name: 'session-file',
    value: '<file>',
    text: 'file with the session token of a user (atu_…)',
    default: "the demo tenant's admin",
  },
  {
    group,
    name: 'data-dir',
    value: '<folder>',
    text: 'data folder of the local stack',
    default: 'ATLAS_DATA_DIR, or else data',
  },
];
const TENANT = { name: 'tenant', code: 'no_tenant', otherwise: 'pass --url and --session-file' } as const;

export const JSON_OPTION: Option = {
  name: 'json',
  text: 'write JSON instead of text, also for errors',
};

/** Calls a tenant plane with a session of one of the tenant's users. */
export class TenantSession {
  private constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly tenantId: string,
  ) {}

  /** The session that the options name, or else that of the local stack. Throws {@link UsageError}. */
  static from({ values, isJson }: Pick<Given, 'values' | 'isJson'>, terminal: Terminal): TenantSession {
    const { url, 'session-file': file, 'data-dir': folder } = values;
    if (folder !== undefined && (url ?? file) !== undefined)
      throw new UsageError('--data-dir names a local stack. Leave out --url and --session-file.');
    if (url === undefined && file === undefined) {
      const place = { env: process.env, directory: process.cwd() };
      const { tenant_plane: plane, demo_tenant: demo } = localStackIn(values, place, TENANT);
      if (!isJson) note({ terminal, isJson }, `Using the demo tenant of the local stack at ${plane.url}`);
      return TenantSession.with(plane.url, demo.token, 'the local stack');
    }
    if (url === undefined || file === undefined)
      throw new UsageError('--url and --session-file belong together. Pass both, or neither.');
    return TenantSession.with(addressIn(String(url)), contentOf(String(file)), String(file));
  }

  private static with(url: string, token: string, where: string): TenantSession {
    const tenantId = /^atu_([0-9a-f-]{36})_[\w-]+$/.exec(token)?.[1];
    if (tenantId === undefined) throw new UsageError(`${where} does not contain a session token (atu_…).`);
    return new TenantSession(url, token, tenantId);
  }

  client(signal: AbortSignal): TenantClient {
    return new TenantClient({ url: this.url, headers: this.headers, signal });
  }

  addressOf(path: string): string {
    return `${this.url}${path}`;
  }

  get headers(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.token}`, 'x-tenant-id': this.tenantId };
  }

  call<T>(method: 'GET' | 'POST', path: string, signal: AbortSignal): Promise<T> {
    return callJson<T>({ method, url: this.addressOf(path), headers: this.headers, signal });
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`Cannot read the session: ${(error as Error).message}`);
  }
}

/** Throws {@link UsageError}. */
export function addressIn(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is not an http(s) URL of a tenant.`, { hint: 'Pass --url <url>.' });
  if (isPlainHttp(url))
    throw new UsageError(`${url} would send the session unencrypted.`, { hint: 'Use https.' });
  return url.replace(/\/+$/, '');
}
