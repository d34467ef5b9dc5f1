import { Badge, Button, Card, Group, Loader, Stack, Tabs, Text } from '@mantine/core';
import { Page, When, bodyOf } from '@atlas/web';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, every } from '../../api';
import { type Incident, isOpen } from '../../incidents/incident';
import { WORDS } from '../../incidents/words';
import { ButtonLink, PageLink } from '../../links';

const REFRESH_MS = 15_000;

/** What became of a requester's reports. */
export function Reports() {
  const [view, setView] = useState('open');
  const pages = useInfiniteQuery({
    queryKey: ['incidents', 'list', 'own'],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/incidents', { params: { query: { limit: 50, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: every(REFRESH_MS),
  });
  const reports = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  const shown = reports.filter((report) => isOpen(report) === (view === 'open'));
  return (
    <Page
      title="My reports"
      error={pages.error}
      actions={
        <ButtonLink to="/incidents/new" size="xs">
          Report a problem
        </ButtonLink>
      }
    >
      <Tabs value={view} onChange={(value) => setView(value ?? 'open')} mb="md">
        <Tabs.List aria-label="Which reports">
          <Tabs.Tab value="open">Open</Tabs.Tab>
          <Tabs.Tab value="solved">Solved</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      {pages.isPending && <Loader size="sm" aria-label="Loading" />}
      {pages.data && shown.length === 0 && <Text c="dimmed">{emptyOf(reports.length, view)}</Text>}
      <Stack maw={640} gap="sm">
        {shown.map((report) => (
          <Report key={report.id} report={report} />
        ))}
        {pages.hasNextPage && (
          <Button
            variant="default"
            size="xs"
            loading={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            Show older reports
          </Button>
        )}
      </Stack>
    </Page>
  );
}

function emptyOf(count: number, view: string): string {
  if (count === 0) return 'You have reported nothing. Is something wrong? Report it.';
  return view === 'open' ? 'All that you reported is solved.' : 'Nothing that you reported is solved yet.';
}

function Report({ report }: { readonly report: Incident }) {
  const { id, number, title, status, created_at: at, sla } = report;
  const isExpected = sla?.status === 'on_track' || sla?.status === 'at_risk';
  return (
    <Card withBorder padding="sm" component="article">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <PageLink to="/incidents/$id" params={{ id }} fw={600}>
          {title}
        </PageLink>
        <Badge variant="light" tt="none" color={isOpen(report) ? 'blue' : 'green'} flex="none">
          {WORDS[status]}
        </Badge>
      </Group>
      <Group gap="md">
        <Text size="sm" c="dimmed">
          {number}, reported <When at={at} />
        </Text>
        {isExpected && (
          <Text size="sm" c="dimmed">
            Expected to be solved <When at={sla.resolution_due_at} />
          </Text>
        )}
      </Group>
    </Card>
  );
}
