/**
 * The paths of the members of a JSON value, such as `tenants[].error`. Empty lists and objects count as
 * members, so that nothing leaves unnamed.
 */
export function jsonFields(value: unknown): string[] {
  const found = new Set<string>();
  collect(value, '', found);
  return [...found];
}

function collect(value: unknown, path: string, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) {
    found.add(path);
    return;
  }
  const members = Array.isArray(value)
    ? value.map((one): [string, unknown] => [`${path}[]`, one])
    : Object.entries(value).map(([name, one]): [string, unknown] => [
        path === '' ? name : `${path}.${name}`,
        one,
      ]);
  if (members.length === 0) found.add(path);
  for (const [member, one] of members) collect(one, member, found);
}

/** The fields of a body, by its media type. A body of any other type is one field, named by the type. */
export function bodyFields(body: string, type: string): string[] {
  if (body === '') return [];
  if (type.startsWith('application/json')) return jsonFields(JSON.parse(body));
  if (type.startsWith('application/x-www-form-urlencoded')) return [...new URLSearchParams(body).keys()];
  return [type];
}

/** The parameters of a query string. */
export function queryFields({ searchParams }: URL): string[] {
  return [...searchParams.keys()].map((name) => `?${name}`);
}
