import { type Method, type OperationKey } from '@atlas/platform';

interface Parts {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: object;
}

/** Fills in an operation such as `GET /api/tenants/:id`. The target becomes `/api/tenants/<id>?<query>`. */
export function requestLine(operation: OperationKey, { path = {}, query = {} }: Parts) {
  const [method, template = ''] = operation.split(' ') as [Method, string?];
  const filled = template.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(Object.fromEntries(given));
  return { method, target: given.length > 0 ? `${filled}?${search}` : filled };
}
