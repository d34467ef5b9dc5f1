import { Group, Loader, Stack, Text } from '@mantine/core';
import { ProblemAlert } from '@atlas/web';
import { JobLink } from '../parts/links';
import { JobActions } from './job-actions';
import { operationText } from './job-facts';
import { JobState } from './job-state';
import { JobSteps } from './job-steps';
import { useJob } from './use-job';

interface LiveJobProps {
  readonly id: string;
  /** Said once the job has succeeded. */
  readonly done?: string;
}

/** A job inside another page or a drawer: what it does now, its steps, and what can be done about it. */
export function LiveJob({ id, done }: LiveJobProps) {
  const { job, error, isInterrupted } = useJob(id);
  if (error && job === undefined) return <ProblemAlert error={error} />;
  if (job === undefined) return <Loader size="sm" aria-label="Loading" />;
  return (
    <Stack>
      {done !== undefined && job.status === 'succeeded' ? (
        <Text fw={600}>{done}</Text>
      ) : (
        <Stack gap={4}>
          <Text size="sm">Job: {operationText(job)}</Text>
          <Group>
            <JobState job={job} />
            <JobActions job={job} />
          </Group>
        </Stack>
      )}
      {isInterrupted && <Interrupted />}
      <JobSteps job={job} />
      <JobLink id={id} name="Open the job" />
    </Stack>
  );
}

export function Interrupted() {
  return (
    <Text size="sm" c="dimmed">
      Live updates are interrupted; checking every 3 seconds.
    </Text>
  );
}
