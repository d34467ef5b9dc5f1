import { readFileSync } from 'node:fs';
import { isPlainHttp } from '@atlas/platform/loopback';
import { callJson } from '../control-plane/http-call';
import { UsageError } from '../failure';
import { type Option, type Values } from '../options';

export const SESSION_OPTIONS: readonly Option[] = [
  { name: 'url', value: '<url>', text: "the tenant's address", isRequired: true },
  {
    name: 'session-file',
    value: '<file>',
    text: 'file with the session token of an admin of the tenant (atu_…)',
    isRequired: true,
  },
];
export const JSON_OPTION: Option = {
  name: 'json',
  text: 'write one JSON document instead of text, also for errors',
};

/** Calls a tenant plane with a session of one of the tenant's users. */
export class TenantSession {
  private constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly tenantId: string,
  ) {}

  /** Throws {@link UsageError}. */
  static from(values: Values): TenantSession {
    const file = String(values['session-file']);
    const token = contentOf(file);
    const tenantId = /^atu_([0-9a-f-]{36})_[\w-]+$/.exec(token)?.[1];
    if (tenantId === undefined) throw new UsageError(`${file} does not contain a session token (atu_…).`);
    return new TenantSession(addressIn(String(values['url'])), token, tenantId);
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

function addressIn(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is not an http(s) URL of a tenant.`, { hint: 'Pass --url <url>.' });
  if (isPlainHttp(url))
    throw new UsageError(`${url} would send the session unencrypted.`, { hint: 'Use https.' });
  return url.replace(/\/+$/, '');
}
