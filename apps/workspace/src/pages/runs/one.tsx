import { Alert, Code, Group, Stack, Table, Text } from '@mantine/core';
import { Page, Section, StateBadge, When, isMissing } from '@atlas/web';
import { useParams } from '@tanstack/react-router';
import { ButtonLink, PageLink } from '../../links';
import { NoSuch } from '../../no-such';
import { useNamesInside } from '../../people';
import { NeedsRole } from '../../needs-role';
import { useRunbook } from '../../runbooks/use-runbooks';
import { CancelRun, StepActions } from '../../runs/actions';
import { IncidentName } from '../../runs/incident-name';
import { LookAtAgents, useLackingAgent } from '../../runs/lacking-agent';
import { type Run, type RunStep, currentStepOf, hasEnded } from '../../runs/run';
import { StepShown } from '../../runs/step-shown';
import { type Following, useRunEvents } from '../../runs/use-run-events';
import { useRun } from '../../runs/use-run';
import { useMay } from '../../session';

const WITHIN = [{ to: '/runs', label: 'Runs' }];
const POLL_MS = 3000;

/** Where a run is, what it prints, and whether it needs somebody. */
export function OneRun() {
  const { id } = useParams({ from: '/signed-in/runs/$id' });
  return (
    <NeedsRole role="fulfiller" title="Run">
      <Loaded key={id} id={id} />
    </NeedsRole>
  );
}

function Loaded({ id }: { readonly id: string }) {
  const first = useRun(id, null);
  const { data: run, error } = first;
  if (isMissing(error))
    return (
      <NoSuch thing="run" within={WITHIN}>
        <PageLink to="/runs">Go to the runs</PageLink>
      </NoSuch>
    );
  if (!run) return <Page title="Run" within={WITHIN} error={error} isLoading={!error} />;
  return <Shown run={run} error={error} />;
}

function Shown({ run, error }: { readonly run: Run; readonly error: unknown }) {
  const { following, outputs, problem } = useRunEvents(run.id, hasEnded(run));
  useRun(run.id, following === 'polling' ? POLL_MS : null);
  const runbook = useRunbook(run.runbook_id);
  const isOperator = useMay('operator');
  const isUsable = isOperator && hasEnded(run) && runbook.data?.archived_at === null;
  return (
    <Page
      title={run.runbook_name}
      within={WITHIN}
      error={error}
      actions={
        <>
          {isUsable && (
            <ButtonLink
              to="/runbooks/$id/run"
              params={{ id: run.runbook_id }}
              search={{ from: run.id, ...(run.incident_id !== null && { incident_id: run.incident_id }) }}
              size="xs"
              variant="default"
            >
              Start a new run
            </ButtonLink>
          )}
          <CancelRun run={run} />
        </>
      }
    >
      <Stack gap="lg">
        <Stack gap="xs">
          <Group gap="xs">
            <StateBadge state={run.status} />
            <Text size="sm">
              <About run={run} />
            </Text>
          </Group>
          <Headline run={run} />
          <Follow following={following} problem={problem} />
        </Stack>
        <Values run={run} />
        <Section title="Steps">
          <Stack component="ol" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
            {run.steps.map((step, index) => (
              <StepShown
                key={step.name}
                step={step}
                index={index}
                output={outputs.get(step.name)}
                actions={<StepActions run={run} step={step} />}
              />
            ))}
          </Stack>
        </Section>
      </Stack>
    </Page>
  );
}

function About({ run }: { readonly run: Run }) {
  const nameOf = useNamesInside();
  const { runbook_id: id, runbook_version: version, requested_by: by, incident_id: incident } = run;
  return (
    <>
      <PageLink to="/runbooks/$id" params={{ id }} search={{ version }} size="sm">
        Runbook, version {version}
      </PageLink>
      , requested by {nameOf(by)} <When at={run.created_at} />
      {incident !== null && (
        <>
          {' '}
          for <IncidentName id={incident} />
        </>
      )}
      {run.finished_at !== null && (
        <>
          , ended <When at={run.finished_at} />
        </>
      )}
    </>
  );
}

/** What the run waits for, or why it ended. */
function Headline({ run }: { readonly run: Run }) {
  const current = currentStepOf(run);
  if (!current) return null;
  const { step, index } = current;
  const place = `step ${index + 1}`;
  if (run.status === 'failed')
    return (
      <Alert color="red">
        Step {index + 1} failed{step.error ? `: ${step.error.detail}` : '.'}
      </Alert>
    );
  // The step says more than the run, which is running as long as one of its steps waits for an agent.
  switch (step.status) {
    case 'waiting_approval':
      return <ToApprove run={run} step={step} place={place} />;
    case 'waiting_manual':
      return <Alert color="orange">Waits for somebody to do {place}.</Alert>;
    case 'queued':
      return step.kind === 'shell' ? <Queued run={run} step={step} /> : null;
    default:
      return null;
  }
}

interface WaitingProps {
  readonly run: Run;
  readonly step: RunStep;
}

function Queued({ run, step }: WaitingProps) {
  const lacking = useLackingAgent(run, step);
  if (lacking === null) return <Alert color="blue">Waits for an agent to take “{step.name}”.</Alert>;
  return (
    <Alert color="orange">
      Waits for an agent: {lacking}. <LookAtAgents />
    </Alert>
  );
}

function ToApprove({ run, step, place }: WaitingProps & { readonly place: string }) {
  const lacking = useLackingAgent(run, step);
  return (
    <Alert color="orange">
      Waits for approval of {place}.{' '}
      {lacking !== null && (
        <>
          Once approved, it waits for an agent, because {lacking}. <LookAtAgents />
        </>
      )}
    </Alert>
  );
}

interface FollowProps {
  readonly following: Following;
  readonly problem: string | null;
}

function Follow({ following, problem }: FollowProps) {
  if (problem !== null)
    return (
      <Text size="xs" c="dimmed" role="status">
        {problem} Trying again.
      </Text>
    );
  if (following === 'polling')
    return (
      <Text size="xs" c="dimmed" role="status">
        Updating every 3 seconds.
      </Text>
    );
  if (following === 'live')
    return (
      <Text size="xs" c="dimmed">
        Live
      </Text>
    );
  return null;
}

function Values({ run: { parameters } }: { readonly run: Run }) {
  const list = Object.entries(parameters);
  if (list.length === 0) return null;
  return (
    <Section title="Values">
      <Table variant="vertical" layout="fixed" maw={600}>
        <Table.Tbody>
          {list.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w={160}>{name}</Table.Th>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                <Code>{value}</Code>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
