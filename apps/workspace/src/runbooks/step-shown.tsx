import { Badge, Group, Paper, Stack, Text } from '@mantine/core';
import { ApprovalText } from './approval-text';
import { ConfigShown } from './config';
import { LabelsShown } from './labels';
import { RiskBadge } from './risk-badge';
import { type RunbookStep } from './runbook';

/** What a step does, how risky it is, and what happens if it fails. */
export function StepShown({ step, index }: { readonly step: RunbookStep; readonly index: number }) {
  const {
    name,
    kind,
    risk,
    timeout_seconds: timeout,
    on_failure: onFailure,
    agent_selector: selector,
  } = step;
  return (
    <Paper component="li" withBorder p="sm">
      <Stack gap="xs">
        <Group gap="xs">
          <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
            {index + 1}. {name}
          </Text>
          <Badge variant="default" tt="none" fw={500}>
            {kind}
          </Badge>
          <RiskBadge risk={risk} />
        </Group>
        <ConfigShown kind={kind} config={step.config} />
        {kind === 'shell' && (
          <Group gap="xs">
            <Text size="sm">Runs on</Text>
            {Object.keys(selector).length === 0 ? (
              <Text size="sm">any agent</Text>
            ) : (
              <>
                <Text size="sm">agents with</Text>
                <LabelsShown labels={selector} />
              </>
            )}
          </Group>
        )}
        <Text size="xs" c="dimmed">
          <ApprovalText kind={kind} risk={risk} />{' '}
          {kind !== 'manual' &&
            `Ends after ${secondsText(timeout)} at the latest. If it fails, the run ${
              onFailure === 'continue' ? 'continues' : 'stops'
            }.`}
        </Text>
      </Stack>
    </Paper>
  );
}

function secondsText(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
