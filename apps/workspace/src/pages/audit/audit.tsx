import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type Column, Page, Rows, When, bodyOf } from '@atlas/web';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api';
import { Details } from '../../audit/details';
import { DownloadChain } from '../../audit/download-chain';
import { type Entry } from '../../audit/entry';
import { Actor, Target } from '../../audit/names';
import { NeedsRole } from '../../needs-role';

const KEY = ['audit'];

/** Who did what. */
export function Audit() {
  return (
    <NeedsRole role="admin" title="Audit">
      <Entries />
    </NeedsRole>
  );
}

function Entries() {
  const [shown, setShown] = useState<Entry | null>(null);
  const client = useQueryClient();
  const [isDownloading, { open, close }] = useDisclosure();
  const pages = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/audit', { params: { query: { limit: 50, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchOnWindowFocus: false,
  });
  const columns: readonly Column<Entry>[] = [
    ...COLUMNS,
    {
      name: 'Details',
      width: 80,
      cell: (entry) => (
        <Button
          variant="default"
          size="compact-sm"
          aria-label={`Show the details of ${entry.action}`}
          onClick={() => setShown(entry)}
        >
          Show
        </Button>
      ),
    },
  ];
  return (
    <Page
      title="Audit"
      about="Who did what, and when. The newest entry comes first. Nobody can change or remove entries without
        a trace."
      actions={
        <>
          <Button
            size="xs"
            variant="default"
            // Only the first page is read again, however many are loaded.
            onClick={() => void client.resetQueries({ queryKey: KEY })}
          >
            Newer entries
          </Button>
          <Button size="xs" variant="default" onClick={open}>
            Download the chain
          </Button>
        </>
      }
    >
      <Rows
        label="Audit entries"
        pages={pages}
        columns={columns}
        keyOf={({ id }) => id}
        empty="No entry yet. Whatever users and programs change is listed here."
      />
      {shown && <Details entry={shown} onClose={() => setShown(null)} />}
      {isDownloading && <DownloadChain onClose={close} />}
    </Page>
  );
}

const COLUMNS: readonly Column<Entry>[] = [
  { name: 'When', width: 130, cell: ({ at }) => <When at={at} /> },
  { name: 'Who', width: 150, cell: (entry) => <Actor entry={entry} /> },
  { name: 'Action', width: 210, cell: ({ action }) => <span title={action}>{action}</span> },
  { name: 'On', width: 220, cell: (entry) => <Target entry={entry} /> },
  { name: 'From', width: 120, cell: ({ ip }) => ip ?? '–' },
];
