import { Button, Group, Loader, Text, Tooltip } from '@mantine/core';
import {
  type Column,
  ProblemAlert,
  Rows,
  Section,
  StateBadge,
  type TenantPlaneSchemas,
  When,
  bodyOf,
} from '@atlas/web';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, every } from '../api';
import { useOnce } from '../once';
import { PersonName } from '../people';
import { sizeText } from './size-text';

type Export = TenantPlaneSchemas['schemas']['ExportView'];

const KEY = ['exports'];
const RUNNING_MS = 3000;
const IDLE_MS = 60_000;

/** All data of the workspace, to take away. */
export function Exports() {
  const once = useOnce();
  const client = useQueryClient();
  const pages = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/exports', { params: { query: { limit: 50, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: ({ state: { data } }) => every(isRunningIn(data?.pages) ? RUNNING_MS : IDLE_MS)(),
  });
  const start = useMutation({
    mutationFn: () => bodyOf(api.POST('/api/exports', { headers: once.headers() })),
    onSettled: async (_, error) => {
      once.done(error);
      await client.invalidateQueries({ queryKey: KEY });
    },
  });
  const isRunning = isRunningIn(pages.data?.pages);
  return (
    <Section
      title="Export"
      actions={
        <Button size="xs" loading={start.isPending} disabled={isRunning} onClick={() => start.mutate()}>
          Export now
        </Button>
      }
    >
      <Text size="sm" mb="xs">
        An archive with all data of this workspace as of one moment. It contains no passwords, sessions or
        keys, and can be imported into an empty workspace. Everybody can keep working meanwhile.
      </Text>
      {isRunning && (
        <Group gap="xs" mb="xs" role="status">
          <Loader size="xs" />
          <Text size="sm">An export is running.</Text>
        </Group>
      )}
      <ProblemAlert error={start.error} />
      <Rows
        label="Exports"
        pages={pages}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        empty="No export yet. “Export now” makes the first."
        height="40vh"
      />
    </Section>
  );
}

function isRunningIn(pages: readonly { readonly items: readonly Export[] }[] = []): boolean {
  return pages.some(({ items }) => items.some(({ status }) => status === 'running'));
}

const COLUMNS: readonly Column<Export>[] = [
  { name: 'Started', width: 130, cell: ({ created_at: at }) => <When at={at} /> },
  { name: 'State', width: 100, cell: ({ status }) => <StateBadge state={status} /> },
  { name: 'Can be downloaded', width: 190, cell: (one) => <Download one={one} /> },
  { name: 'Size', width: 90, cell: ({ size_bytes: size }) => (size === null ? '–' : sizeText(size)) },
  { name: 'Rows', width: 80, cell: ({ rows }) => rows?.toLocaleString('en') ?? '–' },
  { name: 'By', width: 130, cell: ({ requested_by: id }) => <PersonName id={id} /> },
];

function Download({ one }: { readonly one: Export }) {
  const { id, status, failure, expires_at: end } = one;
  switch (status) {
    case 'running':
      return 'not yet';
    case 'expired':
      return 'not any more';
    case 'failed':
      return (
        <Tooltip label={failure?.detail} multiline maw={320}>
          <Text size="sm" span tabIndex={0}>
            {failure?.detail ?? 'no'}
          </Text>
        </Tooltip>
      );
    case 'ready':
      return (
        <Group gap="xs" wrap="nowrap">
          <Button
            component="a"
            size="compact-sm"
            variant="light"
            download
            href={`/api/exports/${encodeURIComponent(id)}/download`}
          >
            Download
          </Button>
          <Text size="xs" c="dimmed">
            ends <When at={end} />
          </Text>
        </Group>
      );
  }
}
