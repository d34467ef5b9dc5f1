import { Group, Stack, Text } from '@mantine/core';
import { ProblemAlert, StateBadge, When, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api, every } from '../../../api';
import { PageLink } from '../../../links';
import { useNamesInside } from '../../../people';
import { RunForIncident } from '../../../runs/run-for-incident';

const REFRESH_MS = 5000;

/** The runbooks that were run for the incident. */
export function Runs({ id }: { readonly id: string }) {
  const nameOf = useNamesInside();
  const { data, error } = useQuery({
    queryKey: ['runs', 'of', id],
    queryFn: () =>
      bodyOf(api.GET('/api/automation/jobs', { params: { query: { incident_id: id, limit: 50 } } })),
    refetchInterval: every(REFRESH_MS),
  });
  const runs = data?.items ?? [];
  return (
    <Stack gap="xs">
      <ProblemAlert error={error} />
      {data && runs.length === 0 && (
        <Text size="sm" c="dimmed">
          No runbook was run for this incident.
        </Text>
      )}
      {runs.map((run) => (
        <div key={run.id}>
          <Group gap="xs">
            <StateBadge state={run.status} />
            <PageLink to="/runs/$id" params={{ id: run.id }} size="sm">
              {run.runbook_name}
            </PageLink>
          </Group>
          <Text size="xs" c="dimmed">
            Requested by {nameOf(run.requested_by)} <When at={run.created_at} />
          </Text>
        </div>
      ))}
      <RunForIncident id={id} />
    </Stack>
  );
}
