import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes, randomUUID } from 'node:crypto';

/** Included in every log line and every error response of one request or job attempt. */
export interface RequestContext {
  readonly traceId: string;
  tenantId?: string;
  jobId?: string;
  step?: string;
  /** Who is making the request, once authenticated. */
  actor?: Actor;
  readonly ip?: string;
}

interface Actor {
  readonly kind: string;
  readonly id: string | null;
}

const storage = new AsyncLocalStorage<RequestContext>();

export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

export function newTraceId(): string {
  return randomUUID().replaceAll('-', '');
}

/** A W3C `traceparent` for a call on behalf of this trace. Each call is a new span. */
export function traceparentOf(traceId: string): string {
  return `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
}

/** The trace id of a W3C `traceparent` header (https://www.w3.org/TR/trace-context/), or a new trace id. */
export function traceIdOf(traceparent: unknown): string {
  const match = typeof traceparent === 'string' ? /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent) : null;
  return match?.[1] ?? newTraceId();
}
