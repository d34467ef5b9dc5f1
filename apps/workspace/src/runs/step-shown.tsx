import { Alert, Badge, Button, Collapse, Group, Paper, Stack, Text } from '@mantine/core';
import { StateBadge, When, useNow } from '@atlas/web';
import { type ReactNode, useState } from 'react';
import { useAgents } from '../agents/use-agents';
import { useNamesInside } from '../people';
import { ConfigShown } from '../runbooks/config';
import { RiskBadge } from '../runbooks/risk-badge';
import { type Output, outputOf, shownText } from './output';
import { OutputShown } from './output-shown';
import { type RunStep } from './run';

interface StepShownProps {
  readonly step: RunStep;
  readonly index: number;
  /** What the stream has brought. */
  readonly output: Output | undefined;
  /** What can be done about the step. */
  readonly actions: ReactNode;
}

/** One step of a run: what it does, how it stands and what it prints. */
export function StepShown({ step, index, output, actions }: StepShownProps) {
  const { name, kind, risk, status, config, error } = step;
  const [chosen, setChosen] = useState<boolean | null>(null);
  const isOpen = chosen ?? !['pending', 'cancelled', 'succeeded'].includes(status);
  const tail = outputOf(step.output_tail, step.output_bytes);
  const newest = output && (output.end >= tail.end || tail.text === '') ? output : tail;
  // A step that is to be retried has no output any more, though the page still holds what it printed.
  const text = step.started_at === null ? '' : shownText(newest);
  return (
    <Paper component="li" withBorder p="sm" aria-label={`Step ${index + 1}: ${name}`}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
          <Group gap="xs">
            <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
              {index + 1}. {name}
            </Text>
            <StateBadge state={status} />
            <Badge variant="default" tt="none" fw={500}>
              {kind}
            </Badge>
            <RiskBadge risk={risk} />
          </Group>
          <Button
            size="compact-sm"
            variant="default"
            flex="none"
            onClick={() => setChosen(!isOpen)}
            aria-expanded={isOpen}
            aria-label={`${isOpen ? 'Hide' : 'What it does'}: ${name}`}
          >
            {isOpen ? 'Hide' : 'What it does'}
          </Button>
        </Group>
        <Facts step={step} />
        <Collapse expanded={isOpen}>{config && <ConfigShown kind={kind} config={config} />}</Collapse>
        <ApprovalShown step={step} />
        {error && <StepProblem error={error} />}
        {text !== '' && <OutputShown name={name} text={text} />}
        {actions}
      </Stack>
    </Paper>
  );
}

function Facts({ step }: { readonly step: RunStep }) {
  const agents = useAgents().data?.items ?? [];
  const { kind, agent_id: agent, exit_code: exitCode, started_at: started, finished_at: finished } = step;
  if (started === null && agent === null) return null;
  if (kind === 'manual')
    return (
      <Text size="xs" c="dimmed">
        Done <When at={finished} />
      </Text>
    );
  const name = agents.find(({ id }) => id === agent)?.name;
  return (
    <Text size="xs" c="dimmed">
      {started !== null && (
        <>
          Started <When at={started} />, <Took step={step} />
        </>
      )}
      {agent !== null && ` · agent ${name ?? agent}`}
      {exitCode !== null && ` · exit code ${exitCode}`}
    </Text>
  );
}

const SECOND_MS = 1000;

function Took({ step: { started_at: started, finished_at: finished } }: { readonly step: RunStep }) {
  const now = useNow(SECOND_MS);
  if (started === null) return null;
  const end = finished === null ? now : Date.parse(finished);
  const text = secondsText(Math.max(0, end - Date.parse(started)) / SECOND_MS);
  return finished === null ? `running for ${text}` : `took ${text}`;
}

function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function ApprovalShown({ step: { approval } }: { readonly step: RunStep }) {
  const nameOf = useNamesInside();
  if (!approval) return null;
  const { state, by, at, note, reason } = approval;
  if (state === 'waiting')
    return (
      <Text size="sm" c="dimmed">
        {reason}
      </Text>
    );
  return (
    <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
      {state === 'approved' ? 'Approved' : 'Rejected'} by {by === null ? 'somebody' : nameOf(by)}{' '}
      <When at={at} />
      {note !== null && note !== '' && `: ${note}`}
    </Text>
  );
}

interface StepProblemProps {
  readonly error: NonNullable<RunStep['error']>;
}

function StepProblem({ error: { code, detail } }: StepProblemProps) {
  const isUnknown = code === 'outcome_unknown';
  return (
    <Alert color={isUnknown ? 'orange' : 'red'} title={isUnknown ? 'The outcome is unknown' : undefined}>
      {detail}
    </Alert>
  );
}
