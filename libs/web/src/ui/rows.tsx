import './rows.css';
import { Box, Button, Group, Loader, Table, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { type UseInfiniteQueryResult } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, memo, useEffect, useRef } from 'react';
import { useHeldRows } from './held';
import { usePageKeys } from './page-keys';
import { ProblemAlert } from './problem-alert';

const ROW_PX = 41;
/** A row on a narrow screen, before it is measured. */
const NARROW_ROW_PX = 76;
const NARROW = '(max-width: 47.99em)';
const OVERSCAN = 6;
/** How close to the end of the loaded rows the next page is requested. */
const AHEAD = 20;

export interface Column<Row> {
  readonly name: string;
  readonly width?: number | string;
  /** Left out on a narrow screen. */
  readonly isMinor?: boolean;
  readonly cell: (row: Row) => ReactNode;
}

interface Listed<Row> {
  readonly items: readonly Row[];
}

interface RowsProps<Row> {
  /** Names the table for screen readers. */
  readonly label: string;
  readonly pages: UseInfiniteQueryResult<{ readonly pages: readonly Listed<Row>[] }>;
  /** On a narrow screen, the first two make the first line of a row. */
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** Shown instead of an empty table. */
  readonly empty: ReactNode;
  readonly height?: string;
  /** What comes on top while the list is open is counted, and shown on demand. */
  readonly holdsNews?: boolean;
}

/** A list of any length: fetched page by page while scrolling. Only what is in view is in the document. */
export function Rows<Row>(props: RowsProps<Row>) {
  const isNarrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false });
  // Rows of the other kind have other heights.
  return <Drawn key={String(isNarrow)} isNarrow={isNarrow} {...props} />;
}

interface DrawnProps<Row> extends RowsProps<Row> {
  readonly isNarrow: boolean;
}

function Drawn<Row>(props: DrawnProps<Row>) {
  const { label, pages, columns, keyOf, empty, height = '70vh', holdsNews = false, isNarrow } = props;
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, isPending, isPlaceholderData } = pages;
  const { rows, held, showAll } = useHeldRows(data?.pages, keyOf, holdsNews, pages.isFetchedAfterMount);
  const box = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => (isNarrow ? NARROW_ROW_PX : ROW_PX),
    overscan: OVERSCAN,
  });
  useEffect(() => {
    // Other rows come.
    if (isPlaceholderData) list.scrollToOffset(0);
  }, [isPlaceholderData, list]);
  useRowKeys(box, rows.length, (index) => list.scrollToIndex(index));
  const seen = list.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isPlaceholderData && !error && last >= rows.length - AHEAD)
      void fetchNextPage();
  }, [last, rows.length, hasNextPage, isFetchingNextPage, isPlaceholderData, error, fetchNextPage]);

  if (isPending) return <Loader size="sm" aria-label="Loading" />;
  if (rows.length === 0 && !error) return <Text c="dimmed">{empty}</Text>;
  const above = seen[0]?.start ?? 0;
  const below = list.getTotalSize() - (seen.at(-1)?.end ?? 0);
  const parts = { label, columns, above, below, count: rows.length };
  const drawn = seen.map(({ index }) => {
    const row = rows[index] as Row;
    return isNarrow ? (
      <NarrowRow key={keyOf(row)} row={row} index={index} columns={columns} measure={list.measureElement} />
    ) : (
      <OneRow key={keyOf(row)} row={row} index={index} columns={columns} />
    );
  });
  return (
    <>
      <Box pos="relative">
        {holdsNews && <News count={held} onShow={showAll} />}
        <Box
          ref={box}
          mah={height}
          style={SCROLLING}
          tabIndex={0}
          role="region"
          aria-label={label}
          aria-busy={isPlaceholderData}
        >
          {isNarrow ? <NarrowList {...parts}>{drawn}</NarrowList> : <WideTable {...parts}>{drawn}</WideTable>}
        </Box>
      </Box>
      {isFetchingNextPage && last === rows.length - 1 && <Loader size="xs" aria-label="Loading more" />}
      {error && (
        <Group mt="xs">
          <ProblemAlert error={error} />
          <Button variant="default" onClick={() => void pages.refetch()}>
            Try again
          </Button>
        </Group>
      )}
    </>
  );
}

/** The header covers what is scrolled behind it. */
const SCROLLING = { overflow: 'auto', scrollPaddingTop: ROW_PX } as const;

/** `j` and `k` move through the rows, to what Enter opens. */
function useRowKeys(
  box: { readonly current: HTMLElement | null },
  count: number,
  scrollTo: (index: number) => void,
): void {
  const at = useRef(-1);
  const wanted = useRef<number | null>(null);
  const focusWanted = (): void => {
    const row = box.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    if (!row) return;
    wanted.current = null;
    (row.querySelector('a') ?? row).focus();
  };
  // A row that was far out of view is drawn only now.
  useEffect(focusWanted);
  const move = (by: number): void => {
    const row = document.activeElement?.closest<HTMLElement>('[data-index]');
    const from = row && box.current?.contains(row) ? Number(row.dataset['index']) : at.current;
    const to = Math.min(Math.max(from + by, 0), count - 1);
    at.current = to;
    wanted.current = to;
    focusWanted();
    if (wanted.current !== null) scrollTo(to);
  };
  usePageKeys({ j: () => move(1), k: () => move(-1) });
}

interface NewsProps {
  readonly count: number;
  readonly onShow: () => void;
}

/** Stands between the list and what is above it, so that it moves no row. */
function News({ count, onShow }: NewsProps) {
  return (
    <Box role="status" {...ON_THE_EDGE}>
      {count > 0 && (
        <Button size="compact-xs" radius="xl" onClick={onShow}>
          {count} new · Show
        </Button>
      )}
    </Box>
  );
}

const ON_THE_EDGE = {
  pos: 'absolute',
  top: -18,
  left: '50%',
  style: { zIndex: 4, transform: 'translateX(-50%)' },
} as const;

interface PartsProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly count: number;
  /** The heights of what is not drawn. */
  readonly above: number;
  readonly below: number;
  readonly children: ReactNode;
}

function WideTable<Row>({ columns, count, above, below, children }: PartsProps<Row>) {
  return (
    <Table className="atlas-rows" stickyHeader layout="fixed" miw={640} aria-rowcount={count}>
      <Table.Thead>
        <Table.Tr>
          {columns.map(({ name, width }) => (
            <Table.Th key={name} w={width}>
              {name}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <tbody>
        <Spacer height={above} columns={columns.length} />
        {children}
        <Spacer height={below} columns={columns.length} />
      </tbody>
    </Table>
  );
}

interface OneRowProps<Row> {
  readonly row: Row;
  readonly index: number;
  readonly columns: readonly Column<Row>[];
}

function DrawnRow<Row>({ row, index, columns }: OneRowProps<Row>) {
  return (
    <tr tabIndex={-1} data-index={index} aria-rowindex={index + 1}>
      {columns.map(({ name, cell }) => (
        <td key={name}>{cell(row)}</td>
      ))}
    </tr>
  );
}

/** Scrolling draws only rows that were not in view, as long as `columns` stays the same object. */
const OneRow = memo(DrawnRow) as typeof DrawnRow;

/** Takes the place of rows that are not in view. */
function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={columns} height={height} />
    </tr>
  );
}

/** The same as a list, because columns would not fit. */
function NarrowList<Row>({ label, above, below, children }: PartsProps<Row>) {
  return (
    <Box component="ul" m={0} p={0} pt={above} pb={below} style={{ listStyle: 'none' }} aria-label={label}>
      {children}
    </Box>
  );
}

interface NarrowRowProps<Row> extends OneRowProps<Row> {
  readonly measure: (element: Element | null) => void;
}

function DrawnNarrowRow<Row>({ row, index, columns, measure }: NarrowRowProps<Row>) {
  const [first, second, ...rest] = columns;
  return (
    <Box component="li" ref={measure} py="xs" tabIndex={-1} data-index={index} style={LINE_BELOW}>
      <Group gap="xs" wrap="nowrap" align="baseline" fz="sm">
        <Box style={FIRST}>{first?.cell(row)}</Box>
        <Box style={SECOND}>{second?.cell(row)}</Box>
      </Group>
      <Group gap="4px 12px" mt={4} fz="sm">
        {rest
          .filter(({ isMinor }) => isMinor !== true)
          .map(({ name, cell }) => (
            <Box key={name} style={{ overflowWrap: 'anywhere' }}>
              <Text span inherit c="dimmed">
                {name}
              </Text>{' '}
              {cell(row)}
            </Box>
          ))}
      </Group>
    </Box>
  );
}

const NarrowRow = memo(DrawnNarrowRow) as typeof DrawnNarrowRow;

const LINE_BELOW = { borderBottom: '1px solid var(--mantine-color-default-border)' } as const;
const FIRST = { flex: '0 0 auto', maxWidth: '60%', overflowWrap: 'anywhere' } as const;
const SECOND = { flex: '1 1 0', minWidth: 0, overflowWrap: 'anywhere' } as const;
