import { Button, Group, Text, TextInput } from '@mantine/core';
import { type Column, Rows, Section, StateBadge, When } from '@atlas/web';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { sizeText } from '../deployment/size-text';
import { CLASS_NAMES, LEDGER, type LedgerEntry, type LedgerSearch, ledgerPages, spanOf } from './residency';

/** What has left, newest first. */
export function Ledger() {
  const search = useSearch({ from: '/signed-in/residency' });
  const pages = useInfiniteQuery(ledgerPages(search));
  const client = useQueryClient();
  const isFiltered = (search.from ?? search.to) !== undefined;
  const shown = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  const refused = shown.filter((entry) => entry.refused).length;
  return (
    <Section
      title="What has left"
      actions={
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            // Only the first page is read again, however many are loaded.
            onClick={() => void client.resetQueries({ queryKey: LEDGER })}
          >
            Newer calls
          </Button>
          <Button size="xs" variant="default" component="a" download href={exportOf(search)}>
            Export
          </Button>
        </Group>
      }
    >
      <Text size="sm" c="dimmed">
        Calls of the same hour that differ only in time and size are one row. The ledger never contains what
        was sent, only the names of its fields. A call appears within five seconds.
      </Text>
      <Filter search={search} />
      {refused > 0 && (
        <Text size="sm" fw={600} c="red" role="status">
          {refused === 1 ? 'A call was refused' : `${refused} kinds of calls were refused`}, and nothing was
          sent. This is an error of the software: report it to Atlas.
        </Text>
      )}
      <Rows
        label="Calls"
        pages={pages}
        columns={COLUMNS}
        keyOf={(entry) => [entry.at, entry.class, entry.destination, entry.fields, entry.refused].join(' ')}
        empty={isFiltered ? 'Nothing left in these days.' : 'Nothing has left yet.'}
        height="60vh"
      />
    </Section>
  );
}

function exportOf(search: LedgerSearch): string {
  const query = new URLSearchParams(spanOf(search)).toString();
  return `/api/residency/ledger/export${query === '' ? '' : `?${query}`}`;
}

function Filter({ search }: { readonly search: LedgerSearch }) {
  const navigate = useNavigate({ from: '/residency' });
  const change = (part: LedgerSearch): void =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  return (
    <Group gap="sm" align="flex-end">
      <TextInput
        label="From"
        type="date"
        size="xs"
        value={search.from ?? ''}
        onChange={(event) => change({ from: event.currentTarget.value || undefined })}
      />
      <TextInput
        label="To"
        type="date"
        size="xs"
        value={search.to ?? ''}
        onChange={(event) => change({ to: event.currentTarget.value || undefined })}
      />
      {(search.from ?? search.to) !== undefined && (
        <Button size="xs" variant="subtle" onClick={() => change({ from: undefined, to: undefined })}>
          Clear
        </Button>
      )}
    </Group>
  );
}

const COLUMNS: readonly Column<LedgerEntry>[] = [
  { name: 'What', width: 210, cell: (entry) => CLASS_NAMES[entry.class] },
  { name: 'State', width: 90, cell: ({ refused }) => <StateBadge state={refused ? 'refused' : 'sent'} /> },
  {
    name: 'To',
    width: 220,
    cell: ({ destination }) => <span title={destination}>{destination}</span>,
  },
  { name: 'First', width: 120, cell: ({ at }) => <When at={at} /> },
  { name: 'Last', width: 120, cell: ({ last_at: at }) => <When at={at} /> },
  { name: 'Calls', width: 70, cell: ({ count }) => count.toLocaleString('en') },
  { name: 'Size', width: 80, cell: ({ bytes }) => sizeText(bytes) },
  {
    name: 'Fields',
    width: 180,
    isMinor: true,
    cell: ({ fields }) => <span title={fields.join(', ')}>{fields.join(', ') || '–'}</span>,
  },
];
