import { Alert, Anchor, Box, CopyButton, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { Facts, Page, When, useNow } from '@atlas/web';
import { useParams } from '@tanstack/react-router';
import { JobActions } from '../../jobs/job-actions';
import { isLive, isUndone, operationText } from '../../jobs/job-facts';
import { JobState } from '../../jobs/job-state';
import { JobErrorBox, JobSteps, plainText } from '../../jobs/job-steps';
import { JobsTable } from '../../jobs/jobs-table';
import { Interrupted } from '../../jobs/live-job';
import { useJob } from '../../jobs/use-job';
import { tookText } from '../../parts/durations';
import { JobLink, JobSubject, TextLink } from '../../parts/links';
import { READ_ONLY, useMayChange } from '../../parts/access';
import { usePlane } from '../../parts/planes';
import { type Job as JobData } from '../../parts/types';

/** Operations that start other jobs. */
const PARENTS: readonly string[] = ['drain', 'upgrade_wave'];

export function JobPage() {
  const { id } = useParams({ from: '/signed-in/jobs/$id' });
  const { job, error, isPending, isInterrupted } = useJob(id);
  const { data: plane } = usePlane(job?.tenant_plane_id ?? null);
  const mayChange = useMayChange();
  return (
    <Page
      title={
        job === undefined
          ? 'Job'
          : [operationText(job), job.tenant_slug ?? plane?.name ?? []].flat().join(': ')
      }
      within={[{ to: '/jobs', label: 'Jobs' }]}
      error={job === undefined ? error : null}
      isLoading={isPending}
      {...(!mayChange && { about: READ_ONLY })}
    >
      {job !== undefined && (
        <Stack>
          <JobState job={job} />
          {isInterrupted && <Interrupted />}
          <Ending job={job} />
          <JobActions job={job} />
          <Paper withBorder p="md">
            <JobSteps job={job} />
          </Paper>
          {PARENTS.includes(job.operation) && (
            <section>
              <Title order={2} size="h5" mb="xs">
                Jobs that this job started
              </Title>
              <JobsTable filter={{ parent_id: id }} empty="It has not started any job yet." height="40vh" />
            </section>
          )}
          <JobFacts job={job} />
        </Stack>
      )}
    </Page>
  );
}

/** Why a job ended without success, unless one of its steps says so. */
function Ending({ job }: { readonly job: JobData }) {
  const { error } = job;
  if (error === null || isLive(job)) return null;
  if (error.code === 'beyond_return')
    return (
      <Alert color="red" title="This cannot be undone any more">
        Retry the job until it ends. After a deprovisioning you can then restore the tenant.
      </Alert>
    );
  if (error.code === 'superseded') return null;
  if (isUndone(job))
    return (
      <Alert color="orange" title="Why it was undone">
        <Text size="sm">{plainText(error.detail)}</Text>
        <Text size="sm" mt={4}>
          To try again, fix the cause, then{' '}
          {job.operation === 'provision' ? (
            <TextLink to="/tenants/new">provision the tenant again</TextLink>
          ) : (
            'retry the job'
          )}
          .
        </Text>
      </Alert>
    );
  const isSaid = job.steps.some((step) => step.error?.code === error.code);
  return isSaid ? null : <JobErrorBox error={error} isLive={false} />;
}

function JobFacts({ job }: { readonly job: JobData }) {
  const now = useNow(isLive(job) ? 1000 : 60_000);
  return (
    <Box>
      <Title order={2} size="h5" mb="xs">
        Facts
      </Title>
      <Facts
        facts={[
          [subjectOf(job), <JobSubject key="about" job={job} />],
          ['Created', <When key="created" at={job.created_at} />],
          [isLive(job) ? 'Time so far' : 'Took', tookText(job.created_at, job.finished_at, now)],
          job.parent_id
            ? ['Part of', <JobLink key="parent" id={job.parent_id} name="the job that started it" />]
            : null,
          ['Id', job.id],
        ]}
      />
      <Group mt="sm">
        <CopyButton value={reportOf(job)}>
          {({ copied, copy }) => (
            <Anchor component="button" type="button" size="sm" onClick={copy}>
              {copied ? 'Copied' : 'Copy a report of this job'}
            </Anchor>
          )}
        </CopyButton>
      </Group>
    </Box>
  );
}

function subjectOf({ tenant_id: tenant, tenant_plane_id: plane }: JobData): string {
  if (tenant !== null) return 'Tenant';
  return plane === null ? 'About' : 'Plane';
}

function reportOf(job: JobData): string {
  const failed = job.steps.find(({ error }) => error !== null);
  const error = job.error ?? failed?.error;
  return [
    `Job ${job.id}: ${job.operation}, ${job.status}`,
    ...(failed === undefined ? [] : [`Step: ${failed.name}, attempt ${failed.attempt}`]),
    ...(error ? [`Error: ${error.code}: ${error.detail}`, `Who acts: ${error.fix}`] : []),
  ].join('\n');
}
