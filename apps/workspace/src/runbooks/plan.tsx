import { Badge, Group, List, Stack, Text } from '@mantine/core';
import { type TenantPlaneSchemas } from '@atlas/web';
import { RiskBadge } from './risk-badge';

type PlannedStep = TenantPlaneSchemas['schemas']['PlannedStepView'];

/** What a run would do. */
export function Plan({ steps }: { readonly steps: readonly PlannedStep[] }) {
  const waiting = steps.filter((step) => step.needs_approval).length;
  const manual = steps.filter(({ kind }) => kind === 'manual').length;
  const parts = [
    steps.length === 1 ? '1 step' : `${steps.length} steps`,
    ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? 'waits' : 'wait'} for approval`] : []),
    ...(manual > 0 ? [`${manual} for a person to do`] : []),
  ];
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {parts.join(', ')}
      </Text>
      <List type="ordered" spacing="xs" size="sm">
        {steps.map(({ name, kind, risk, needs_approval: waits, reason }) => (
          <List.Item key={name}>
            <Group gap="xs">
              <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                {name}
              </Text>
              <Badge variant="default" tt="none" fw={500}>
                {kind}
              </Badge>
              <RiskBadge risk={risk} />
              {waits && (
                <Badge variant="light" color="orange" tt="none">
                  waits for approval
                </Badge>
              )}
            </Group>
            <Text size="xs" c="dimmed">
              {reason}
            </Text>
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}
