import { isDeepStrictEqual } from 'node:util';

/** The fields of an object that a change has changed, for the audit trail. */
export function differences<T extends object>(
  before: T,
  after: T,
): { readonly before: Record<string, unknown>; readonly after: Record<string, unknown> } {
  const names = (Object.keys(after) as (keyof T & string)[]).filter(
    (name) => !isDeepStrictEqual(before[name], after[name]),
  );
  const only = (values: T): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, values[name]]));
  return { before: only(before), after: only(after) };
}
