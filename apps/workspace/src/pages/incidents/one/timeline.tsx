import { Box, Button, Group, Loader, Paper, Stack, Text } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { ProblemAlert, When } from '@atlas/web';
import { type ReactNode, useEffect } from 'react';
import { partProps, useWantedPart } from '../../../incidents/parts';
import { isMiss, timelineTextOf } from '../../../incidents/timeline-text';
import { type TimelineItem, useTimeline } from '../../../incidents/use-timeline';
import { PageLink } from '../../../links';
import { useNames } from '../../../people';

const REFRESH_MS = 5000;

export function Timeline({ id }: { readonly id: string }) {
  const { pages, items } = useTimeline(id, REFRESH_MS);
  const { ref, entry } = useIntersection();
  const { hasNextPage, isFetching, error, fetchNextPage } = pages;
  const wanted = useWantedPart('timeline');
  const isWanted = wanted !== null && !items.some((item) => item.id === wanted);
  const isAtEnd = entry?.isIntersecting === true || isWanted;
  useEffect(() => {
    if (isAtEnd && hasNextPage && !isFetching && !error) void fetchNextPage();
  }, [isAtEnd, hasNextPage, isFetching, error, fetchNextPage]);
  return (
    <>
      <Stack gap="xs" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {items.map((item) => (
          <Entry key={item.id} incidentId={id} item={item} wanted={wanted} />
        ))}
      </Stack>
      {pages.isPending && <Loader size="sm" aria-label="Loading" />}
      <ProblemAlert error={error} />
      {hasNextPage && (
        <Group ref={ref}>
          <Button
            size="xs"
            variant="default"
            loading={pages.isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            Show what happened next
          </Button>
        </Group>
      )}
    </>
  );
}

interface AboutProps {
  readonly incidentId: string;
  readonly item: TimelineItem;
  readonly children: ReactNode;
}

interface EntryProps extends Omit<AboutProps, 'children'> {
  readonly wanted: string | null;
}

function Entry({ incidentId, item, wanted }: EntryProps) {
  const nameOf = useNames();
  const text = timelineTextOf(item, nameOf);
  const isNote = item.kind === 'note';
  const { style, ...place } = partProps('timeline', item.id, wanted);
  return (
    // Entries out of view need no layout, and there may be thousands.
    <Box
      component="li"
      {...place}
      style={{ ...style, contentVisibility: 'auto', containIntrinsicSize: 'auto 24px' }}
    >
      <Group gap="xs" align="baseline">
        <Text size="xs" c="dimmed" w={110}>
          <When at={item.at} />
        </Text>
        <Text size="sm" fw={600}>
          {item.by ? nameOf(item.by) : 'Atlas'}
        </Text>
        {!isNote && (
          <Text size="sm" c={isMiss(item) ? 'red' : undefined}>
            <About incidentId={incidentId} item={item}>
              {text}
            </About>
          </Text>
        )}
      </Group>
      {isNote && (
        <Paper withBorder p="xs" mt={4}>
          <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {text}
          </Text>
        </Paper>
      )}
    </Box>
  );
}

/** Leads to the run, the SLO or the alerts that an entry is about. */
function About({ incidentId, item: { kind, data }, children }: AboutProps) {
  const { job_id: run, slo_id: slo, alert_ids: alerts } = data;
  if (kind === 'run' && typeof run === 'string')
    return (
      <PageLink to="/runs/$id" params={{ id: run }} size="sm">
        {children}
      </PageLink>
    );
  if (kind !== 'alert') return children;
  if (typeof slo === 'string')
    return (
      <PageLink to="/slos/$id" params={{ id: slo }} size="sm">
        {children}
      </PageLink>
    );
  const [one, ...others] = Array.isArray(alerts) ? alerts : [];
  if (typeof one === 'string' && others.length === 0)
    return (
      <PageLink to="/alerts/$id" params={{ id: one }} size="sm">
        {children}
      </PageLink>
    );
  return (
    <PageLink to="/alerts" search={{ show: 'all', incident_id: incidentId }} size="sm">
      {children}
    </PageLink>
  );
}
