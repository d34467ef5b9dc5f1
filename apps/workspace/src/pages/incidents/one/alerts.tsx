import { Button, Group, Stack, Text } from '@mantine/core';
import { ProblemAlert, StateBadge, When } from '@atlas/web';
import { useInfiniteQuery } from '@tanstack/react-query';
import { alertNameOf, alertsOf } from '../../../alerts/alert';
import { every } from '../../../api';
import { partProps, useWantedPart } from '../../../incidents/parts';
import { PageLink } from '../../../links';

const REFRESH_MS = 10_000;

/** The alerts that belong to the incident. */
export function Alerts({ id }: { readonly id: string }) {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    ...alertsOf(id),
    refetchInterval: every(REFRESH_MS),
  });
  const wanted = useWantedPart('alert');
  const alerts = data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Stack gap="xs">
      <ProblemAlert error={error} />
      {data && alerts.length === 0 && (
        <Text size="sm" c="dimmed">
          No alert belongs to this incident.
        </Text>
      )}
      {alerts.map((alert) => (
        <div key={alert.id} {...partProps('alert', alert.id, wanted)}>
          <Group gap="xs">
            <StateBadge state={alert.status} />
            <PageLink to="/alerts/$id" params={{ id: alert.id }} size="sm">
              {alertNameOf(alert)}
            </PageLink>
          </Group>
          <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {alert.annotations['summary']}
          </Text>
          <Text size="xs" c="dimmed">
            Received {alert.count === 1 ? 'once' : `${alert.count} times`}, last{' '}
            <When at={alert.last_received_at} />
          </Text>
        </div>
      ))}
      {hasNextPage && (
        <Button
          size="compact-sm"
          variant="default"
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          Show more alerts
        </Button>
      )}
    </Stack>
  );
}
