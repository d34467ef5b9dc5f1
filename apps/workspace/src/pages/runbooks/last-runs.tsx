import { Group, Stack, Text } from '@mantine/core';
import { ProblemAlert, StateBadge, When } from '@atlas/web';
import { PageLink } from '../../links';
import { useNamesInside } from '../../people';
import { useLastRuns } from '../../runs/use-runs';

const SHOWN = 5;

export function LastRuns({ runbookId }: { readonly runbookId: string }) {
  const nameOf = useNamesInside();
  const { data, error } = useLastRuns(runbookId, SHOWN);
  const runs = data?.items ?? [];
  if (error) return <ProblemAlert error={error} />;
  if (data && runs.length === 0)
    return (
      <Text size="sm" c="dimmed">
        It was not run yet.
      </Text>
    );
  return (
    <Stack gap="xs">
      {runs.map((run) => (
        <Group key={run.id} gap="xs">
          <StateBadge state={run.status} />
          <PageLink to="/runs/$id" params={{ id: run.id }} size="sm">
            Version {run.runbook_version}
          </PageLink>
          <Text size="sm" c="dimmed">
            requested by {nameOf(run.requested_by)} <When at={run.created_at} />
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
