import { useMemo, useState } from 'react';

interface Listed<Row> {
  readonly items: readonly Row[];
}

/**
 * The rows of all pages. What has come on top of them since waits until it is asked for, if `isHolding`, so
 * that nothing moves away from under the pointer.
 */
export function useHeldRows<Row>(
  pages: readonly Listed<Row>[] | undefined,
  keyOf: (row: Row) => string,
  isHolding: boolean,
) {
  const all = useMemo(() => pages?.flatMap(({ items }) => items) ?? [], [pages]);
  const [{ of, held }, setState] = useState({ of: all, held: 0 });
  if (of !== all) {
    const shown = new Set(of.slice(held).map(keyOf));
    const first = isHolding ? all.findIndex((row) => shown.has(keyOf(row))) : 0;
    setState({ of: all, held: Math.max(first, 0) });
  }
  const rows = useMemo(() => all.slice(held), [all, held]);
  return { rows, held, showAll: () => setState({ of: all, held: 0 }) };
}
