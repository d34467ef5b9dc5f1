import { useMemo, useState } from 'react';

interface Listed<Row> {
  readonly items: readonly Row[];
}

/**
 * The rows of all pages. What has come on top of them since waits until it is asked for, if `isHolding`, so
 * that nothing moves away from under the pointer. What is shown before the first answer (`isFetched`) may be
 * from an earlier visit, so it holds nothing back.
 */
export function useHeldRows<Row>(
  pages: readonly Listed<Row>[] | undefined,
  keyOf: (row: Row) => string,
  isHolding: boolean,
  isFetched: boolean,
) {
  const all = useMemo(() => pages?.flatMap(({ items }) => items) ?? [], [pages]);
  const [{ of, held, isFresh }, setState] = useState({ of: all, held: 0, isFresh: isFetched });
  if (of !== all) {
    const isHeld = isHolding && isFresh;
    setState({ of: all, held: isHeld ? newOnTop(of.slice(held), all, keyOf) : 0, isFresh: isFetched });
  }
  const rows = useMemo(() => all.slice(held), [all, held]);
  return { rows, held, showAll: () => setState({ of: all, held: 0, isFresh }) };
}

function newOnTop<Row>(shown: readonly Row[], all: readonly Row[], keyOf: (row: Row) => string): number {
  const keys = new Set(shown.map(keyOf));
  return Math.max(
    all.findIndex((row) => keys.has(keyOf(row))),
    0,
  );
}
