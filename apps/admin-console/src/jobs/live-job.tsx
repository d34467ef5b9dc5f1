import { Loader, Stack, Text } from '@mantine/core';
import { ProblemAlert } from '@atlas/web';
import { JobLink, TextLink } from '../parts/links';
import { type Job } from '../parts/types';
import { JobActions } from './job-actions';
import { isLive, isUndoing, operationText } from './job-facts';
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
      <Text fw={600}>
        {done !== undefined && job.status === 'succeeded' ? done : <JobSentence job={job} />}
      </Text>
      {isInterrupted && <Interrupted />}
      <JobSteps job={job} />
      <JobActions job={job} />
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

/** What the job is doing, in a few words. */
function JobSentence({ job }: { readonly job: Job }) {
  const name = operationText(job);
  if (isUndoing(job)) return <>{name}: undoing</>;
  if (isLive(job)) return <>{name}: in progress</>;
  if (job.status === 'succeeded') return <>{name}: done</>;
  if (job.error?.code === 'superseded' && job.tenant_id !== null)
    return (
      <>
        {name}: another operation took over.{' '}
        <TextLink to="/jobs" search={{ tenant_id: job.tenant_id }}>
          Show the tenant’s jobs
        </TextLink>
      </>
    );
  return (
    <>
      {name}: {job.status}
    </>
  );
}
