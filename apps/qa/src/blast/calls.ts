import { keyIdOf, signRequest } from '@atlas/service-auth';

/** A request that a tenant plane might send. */
export interface Call {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly body?: string;
  /** Content type of the body; JSON by default. */
  readonly type?: string;
  /** Value of the `x-tenant-id` header. */
  readonly tenantId?: string;
  /** Headers that are sent in addition to the signature and are not covered by it. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A signing secret, and the key id that is sent with the signature. */
export interface Key {
  readonly keyId: string;
  readonly secret: string;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export function keyOf(secret: string): Key {
  return { keyId: keyIdOf(secret), secret };
}

/** `key` is null for an unsigned call. */
export async function sendAs(baseUrl: string, key: Key | null, call: Call): Promise<Reply> {
  const { method, target, body, tenantId } = call;
  const url = new URL(target, baseUrl);
  const signature = key ? signRequest({ method, url, body, tenantId, ...key, now: new Date() }) : {};
  const headers: Record<string, string> = {
    ...(tenantId !== undefined && { 'x-tenant-id': tenantId }),
    ...signature,
    ...(body !== undefined && { 'content-type': call.type ?? 'application/json' }),
    ...call.headers,
  };
  const response = await fetch(url, { method, headers, body, redirect: 'manual' });
  return { status: response.status, text: await response.text() };
}
