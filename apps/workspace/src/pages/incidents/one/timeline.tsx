import { Box, Button, Group, Loader, Paper, Stack, Text } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { ProblemAlert, When } from '@atlas/web';
import { useEffect } from 'react';
import { isMiss, timelineTextOf } from '../../../incidents/timeline-text';
import { type TimelineItem, useTimeline } from '../../../incidents/use-timeline';
import { useNames } from '../../../people';

const REFRESH_MS = 5000;

export function Timeline({ id }: { readonly id: string }) {
  const { pages, items } = useTimeline(id, REFRESH_MS);
  const { ref, entry } = useIntersection();
  const { hasNextPage, isFetching, error, fetchNextPage } = pages;
  const isAtEnd = entry?.isIntersecting === true;
  useEffect(() => {
    if (isAtEnd && hasNextPage && !isFetching && !error) void fetchNextPage();
  }, [isAtEnd, hasNextPage, isFetching, error, fetchNextPage]);
  return (
    <>
      <Stack gap="xs" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {items.map((item) => (
          <Entry key={item.id} item={item} />
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

function Entry({ item }: { readonly item: TimelineItem }) {
  const nameOf = useNames();
  const text = timelineTextOf(item, nameOf);
  const isNote = item.kind === 'note';
  return (
    // Entries out of view need no layout, and there may be thousands.
    <Box component="li" style={{ contentVisibility: 'auto', containIntrinsicSize: 'auto 24px' }}>
      <Group gap="xs" align="baseline">
        <Text size="xs" c="dimmed" w={110}>
          <When at={item.at} />
        </Text>
        <Text size="sm" fw={600}>
          {item.by ? nameOf(item.by) : 'Atlas'}
        </Text>
        {!isNote && (
          <Text size="sm" c={isMiss(item) ? 'red' : undefined}>
            {text}
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
