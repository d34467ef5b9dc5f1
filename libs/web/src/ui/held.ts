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
    setState({ of: all, held: isHolding ? newOnTop(of.slice(held), all, keyOf) : 0 });
  }
  const rows = useMemo(() => all.slice(held), [all, held]);
  return { rows, held, showAll: () => setState({ of: all, held: 0 }) };
}

function newOnTop<Row>(shown: readonly Row[], all: readonly Row[], keyOf: (row: Row) => string): number {
  const keys = new Set(shown.map(keyOf));
  return Math.max(
    all.findIndex((row) => keys.has(keyOf(row))),
    0,
  );
}
