import { Alert, Group, Stack, Text } from '@mantine/core';
import { ProblemAlert, StateBadge, When, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api, every } from '../../../api';
import { isOpen } from '../../../incidents/incident';
import { SeverityBadge } from '../../../incidents/severity';
import { PageLink } from '../../../links';

const SHOWN = 10;
const REFRESH_MS = 10_000;

function useIncidentsOf(id: string) {
  return useQuery({
    queryKey: ['incidents', 'list', 'of-item', id],
    queryFn: () => bodyOf(api.GET('/api/incidents', { params: { query: { ci_id: id, limit: SHOWN } } })),
    refetchInterval: every(REFRESH_MS),
  });
}

/** Says first what is wrong with the item now. */
export function OpenIncidents({ id }: { readonly id: string }) {
  const { data } = useIncidentsOf(id);
  const open = data?.items.filter(isOpen) ?? [];
  if (open.length === 0) return null;
  const title =
    open.length === 1
      ? 'An open incident affects this item'
      : `${open.length} open incidents affect this item`;
  return (
    <Alert color="orange" role="status" title={title}>
      <Stack gap={4}>
        {open.map((incident) => (
          <Group key={incident.id} gap="xs">
            <SeverityBadge severity={incident.severity} />
            <PageLink to="/incidents/$id" params={{ id: incident.id }} size="sm">
              {incident.number} {incident.title}
            </PageLink>
          </Group>
        ))}
      </Stack>
    </Alert>
  );
}

export function Incidents({ id }: { readonly id: string }) {
  const { data, error } = useIncidentsOf(id);
  return (
    <Stack gap="xs">
      <ProblemAlert error={error} />
      {data?.items.length === 0 && (
        <Text size="sm" c="dimmed">
          No incident has affected it.
        </Text>
      )}
      {data?.items.map((incident) => (
        <div key={incident.id}>
          <PageLink to="/incidents/$id" params={{ id: incident.id }} size="sm">
            {incident.number} {incident.title}
          </PageLink>
          <Group gap="xs">
            <StateBadge state={incident.status} />
            <Text span size="xs" c="dimmed">
              <When at={incident.created_at} />
            </Text>
          </Group>
        </div>
      ))}
      {data?.next_cursor && (
        <PageLink to="/" search={{ view: 'all', ci: id }} size="sm">
          Show all incidents of this item
        </PageLink>
      )}
    </Stack>
  );
}
