import { Alert, Box, Group, List, Loader, Stack, Text, VisuallyHidden } from '@mantine/core';
import { tookText } from '../parts/durations';
import { type Job, type JobError, type Plan, type Step } from '../parts/types';
import { currentStep, isLive } from './job-facts';
import { textOfStep } from './step-texts';
import { useTick } from './use-job';

interface Look {
  readonly word: string;
  readonly sign: string;
  readonly color: string;
}

const LOOKS: { readonly [Status in Step['status']]: Look } = {
  pending: { word: 'To do', sign: '○', color: 'dimmed' },
  running: { word: 'Running', sign: '▶', color: 'blue' },
  waiting: { word: 'Waiting', sign: '◷', color: 'blue' },
  done: { word: 'Done', sign: '✓', color: 'green' },
  failed: { word: 'Failed', sign: '✕', color: 'red' },
  undone: { word: 'Undone', sign: '↶', color: 'dimmed' },
  skipped: { word: 'Not needed', sign: '–', color: 'dimmed' },
};

/** What a step was doing when its job was stopped. */
const STOPPED: Look = { word: 'Stopped', sign: '■', color: 'dimmed' };

function lookOf({ status }: Step, isJobLive: boolean): Look {
  return !isJobLive && (status === 'running' || status === 'waiting') ? STOPPED : LOOKS[status];
}

/** The steps of a job, as they are now. */
export function JobSteps({ job }: { readonly job: Job }) {
  const now = useTick(isLive(job));
  const current = currentStep(job);
  return (
    <>
      <VisuallyHidden aria-live="polite">
        {current === null
          ? `The job ${job.status === 'cancelled' ? 'was' : 'has'} ${job.status}.`
          : `Step ${current.number} of ${job.steps.length}, ${textOfStep(current.step.name)}: ` +
            lookOf(current.step, isLive(job)).word}
      </VisuallyHidden>
      <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
        {job.steps.map((step, index) => (
          <StepRow key={step.name} step={step} number={index + 1} now={now} isJobLive={isLive(job)} />
        ))}
      </Stack>
    </>
  );
}

interface StepRowProps {
  readonly step: Step;
  readonly number: number;
  readonly now: number;
  readonly isJobLive: boolean;
}

function StepRow({ step, number, now, isJobLive }: StepRowProps) {
  const { word, sign, color } = lookOf(step, isJobLive);
  const took = tookText(step.started_at, step.finished_at, now);
  const isShown = step.finished_at !== null || (isJobLive && step.status !== 'pending');
  return (
    <Group component="li" wrap="nowrap" align="flex-start" gap="sm">
      <Box w={20} ta="center" aria-hidden>
        {step.status === 'running' && isJobLive ? <Loader size={14} /> : <Text c={color}>{sign}</Text>}
      </Box>
      <Box flex={1} miw={0}>
        <Text size="sm" c={step.status === 'pending' ? 'dimmed' : undefined}>
          {number}. {textOfStep(step.name)}
        </Text>
        <Text size="xs" c={color}>
          {word}
          {took !== null && isShown && ` · ${took}`}
          {step.attempt > 1 && ` · Attempt ${step.attempt}`}
        </Text>
        {step.waiting_for && isJobLive && (
          <Text size="sm" mt={4}>
            Waiting for {plainText(step.waiting_for)}. {whoActs(step.name, step.waiting_for)}
          </Text>
        )}
        {step.error !== null && <JobErrorBox error={step.error} isLive={isJobLive} />}
      </Box>
    </Group>
  );
}

/** What people do that a job waits for. */
const HANDS: Readonly<Record<string, string>> = {
  'await-enrolment':
    'Whoever runs the plane starts it with its install bundle. Is it lost? The page of the tenant has ' +
    'another, under Install.',
  'await-reenrolment':
    'Whoever runs the plane starts it with the new install bundle. Is it lost? The page of the plane has ' +
    'another, under Install.',
  'await-version': 'Until then, the plane keeps running as it is.',
};

function whoActs(step: string, waitingFor: string): string {
  if (waitingFor.includes('consent')) return 'Their admin agrees in the workspace, under Deployment.';
  const about = waitingFor.includes('plane') ? ' as long as the plane is online' : '';
  return HANDS[step] ?? `Nobody has to act${about}.`;
}

/** The texts of the API without the calls that they name, because the console has buttons for them. */
export function plainText(text: string): string {
  return text.replaceAll(/ \((GET|POST|PUT|PATCH|DELETE) \/[^)]*\)/g, '');
}

interface JobErrorProps {
  readonly error: JobError;
  readonly isLive: boolean;
}

/** What happened, and who has to act. */
export function JobErrorBox({ error, isLive: isJobLive }: JobErrorProps) {
  const isRetrying = isJobLive && error.class === 'retry';
  const title = isRetrying
    ? 'Trying again automatically'
    : isJobLive && error.class === 'fatal'
      ? 'This is being undone'
      : 'A person has to act';
  return (
    <Alert color={isRetrying ? 'yellow' : 'red'} title={title} mt="xs">
      <Text size="sm">
        <b>What happened:</b> {plainText(error.detail)}
      </Text>
      <Text size="sm" mt={4}>
        <b>Who acts:</b> {plainText(error.fix)}
      </Text>
      <Text size="xs" c="dimmed" mt={4}>
        Code: {error.code}
      </Text>
    </Alert>
  );
}

/** Records of the Control Plane, which mean nothing to an operator. */
const INTERNAL: readonly string[] = ['placement', 'desired-state entry', 'enrolment'];

/** The steps that an operation would take. */
export function PlannedSteps({ plan }: { readonly plan: Plan }) {
  return (
    <List type="ordered" spacing="xs" size="sm">
      {plan.steps.map(({ name, description, creates }) => {
        const made = creates.filter((thing) => !INTERNAL.includes(thing));
        return (
          <List.Item key={name}>
            {textOfStep(name, description)}
            {made.length > 0 && (
              <Text size="xs" c="dimmed">
                Creates: {made.join(', ')}
              </Text>
            )}
          </List.Item>
        );
      })}
    </List>
  );
}
