import { Group, Progress, Stack, Text } from '@mantine/core';
import { useNow } from '@atlas/web';
import { type Incident } from '../../../incidents/incident';
import { clockOf } from '../../../incidents/sla';

const REDRAW_MS = 15_000;
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

export function SlaClock({ incident }: { readonly incident: Incident }) {
  const now = useNow(REDRAW_MS);
  const { sla, created_at: created, resolved_at: resolved } = incident;
  if (!sla)
    return (
      <Text size="sm" c="dimmed">
        No targets: reported before targets existed.
      </Text>
    );
  const targets = [
    { name: 'Response', due: sla.response_due_at, ended: sla.responded_at },
    { name: 'Resolution', due: sla.resolution_due_at, ended: resolved },
  ];
  return (
    <Stack gap="sm">
      {targets.map(({ name, due, ended }) => {
        const { percent, text, color } = clockOf(created, due, ended, now);
        return (
          <div key={name}>
            <Group justify="space-between" mb={4}>
              <Text size="sm">{name}</Text>
              <Text size="sm" fw={600} c={color === 'red' ? 'red' : undefined}>
                {text}
              </Text>
            </Group>
            <Progress
              value={percent}
              color={color}
              aria-label={`${name}: share of the time that has passed`}
            />
            <Text size="xs" c="dimmed">
              Due {exact.format(new Date(due))}
            </Text>
          </div>
        );
      })}
    </Stack>
  );
}
