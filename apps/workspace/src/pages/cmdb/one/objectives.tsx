import { Stack, Text } from '@mantine/core';
import { ProblemAlert, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../../api';
import { PageLink } from '../../../links';

const SHOWN = 50;
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 3 });

/** The promises that the item is part of. */
export function Objectives({ id }: { readonly id: string }) {
  const { data, error } = useQuery({
    queryKey: ['slos', 'of-item', id],
    queryFn: () => bodyOf(api.GET('/api/slos', { params: { query: { ci_id: id, limit: SHOWN } } })),
  });
  return (
    <Stack gap="xs">
      <ProblemAlert error={error} />
      {data?.items.length === 0 && (
        <Text size="sm" c="dimmed">
          No SLO names this item.
        </Text>
      )}
      {data?.items.map((slo) => (
        <div key={slo.id}>
          <PageLink to="/slos/$id" params={{ id: slo.id }} size="sm">
            {slo.name}
          </PageLink>
          <Text size="xs" c={slo.incident_id ? 'red' : 'dimmed'}>
            {percent.format(slo.objective)} in {slo.window_days} days
            {slo.incident_id && ' · its budget is being spent too fast'}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
