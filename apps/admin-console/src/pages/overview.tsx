import { Paper, Progress, Stack, Table, Text, Title } from '@mantine/core';
import { Page, StateBadge, When, bodyOf } from '@atlas/web';
import { profileOf } from '@atlas/deployment-profiles';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode } from 'react';
import { api } from '../api';
import { operationText } from '../jobs/job-facts';
import { JobsTable, useJobs } from '../jobs/jobs-table';
import { READ_ONLY, useMayChange } from '../parts/access';
import { ButtonLink, JobLink, JobSubject, PlaneLink, TenantLink, TextLink } from '../parts/links';
import { fleet } from '../parts/planes';
import { type Drift, type Job, type Plane } from '../parts/types';
import { DriftSubject } from './drifts';

const POLL_MS = 10_000;
/** A cell that is this full needs another cell soon. */
const NEARLY_FULL = 0.8;

/** What is wrong, and what to do next. */
export function Overview() {
  const mayChange = useMayChange();
  const planes = useQuery({ ...fleet, refetchInterval: POLL_MS });
  const failed = useJobs({ status: 'failed' });
  const running = useJobs({ status: 'running' });
  const waiting = useJobs({ status: 'waiting' });
  const drifts = useQuery({
    queryKey: ['drifts', 'overview'],
    queryFn: () => bodyOf(api.GET('/api/drifts', { params: { query: { resolved: false, limit: 10 } } })),
    refetchInterval: POLL_MS,
  });
  const broken = useQuery({
    queryKey: ['tenants', 'failed'],
    queryFn: () => bodyOf(api.GET('/api/tenants', { params: { query: { status: 'failed', limit: 10 } } })),
    refetchInterval: POLL_MS,
  });
  const failedJobs = jobsOf(failed);
  const failedTenants = broken.data?.items ?? [];
  const liveJobs = [...jobsOf(running), ...jobsOf(waiting)];
  const open = drifts.data?.items ?? [];
  const known = planes.data?.filter(({ status }) => status === 'enrolled') ?? [];
  const unwell = known.filter(isUnwell);
  const isLoading =
    planes.isPending || failed.isPending || broken.isPending || drifts.isPending || running.isPending;
  const isCalm = failedJobs.length + failedTenants.length + unwell.length + open.length === 0;
  return (
    <Page
      title="Overview"
      {...(!mayChange && { about: READ_ONLY })}
      error={planes.error ?? failed.error ?? broken.error ?? drifts.error}
      isLoading={isLoading}
    >
      <Stack gap="lg">
        {isCalm && <Text fw={600}>Nothing needs you. {onlineText(known)}</Text>}
        {planes.data?.length === 0 && <FirstSteps />}
        {failedJobs.length > 0 && <FailedJobs jobs={failedJobs} />}
        {failedTenants.length > 0 && (
          <Block title="Tenants that could not be provisioned">
            <Text size="sm" mb="xs">
              Open the tenant, then retry its job or roll it back.
            </Text>
            <Stack gap="xs">
              {failedTenants.map(({ id, name, slug, updated_at: since }) => (
                <Text key={id} size="sm">
                  <TenantLink id={id} name={`${name} (${slug})`} /> · <When at={since} />
                </Text>
              ))}
            </Stack>
          </Block>
        )}
        {unwell.length > 0 && <UnwellPlanes planes={unwell} />}
        {open.length > 0 && <OpenDrifts drifts={open} />}
        {liveJobs.length > 0 && (
          <Block title="In progress">
            <Stack gap="xs">
              {liveJobs.slice(0, 10).map((job) => (
                <Text key={job.id} size="sm">
                  <JobLink id={job.id} name={operationText(job)} /> · <JobSubject job={job} /> ·{' '}
                  {progressOf(job)} · <When at={job.created_at} />
                </Text>
              ))}
            </Stack>
          </Block>
        )}
        <Cells planes={known.filter(({ deployment_model: model }) => !profileOf(model).tenantFixed)} />
        <Block title="Latest jobs">
          <JobsTable filter={{}} empty="No job has run yet. Provision a tenant to start one." height="40vh" />
        </Block>
      </Stack>
    </Page>
  );
}

function jobsOf(pages: ReturnType<typeof useJobs>): readonly Job[] {
  return pages.data?.pages[0]?.items ?? [];
}

function progressOf({ steps, status }: Job): string {
  const what = steps.find(({ waiting_for: awaited }) => awaited)?.waiting_for;
  return what ? `waiting for ${what}` : status;
}

function isUnwell(plane: Plane): boolean {
  return (
    plane.health === 'offline' ||
    plane.health_status === 'failing' ||
    plane.identity_forked ||
    (plane.version_class !== null && plane.version_class !== 'current')
  );
}

function onlineText(planes: readonly Plane[]): string {
  const online = planes.filter(({ health }) => health === 'online').length;
  return online === 1 ? 'One plane is online.' : `${online} planes are online.`;
}

function Block({ title, children }: { readonly title: ReactNode; readonly children: ReactNode }) {
  return (
    <Paper component="section" withBorder p="md">
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

function FirstSteps() {
  return (
    <Block title="Begin here">
      <Stack align="flex-start">
        <Text size="sm">
          1. Register a shared cell. 2. Start it with its install bundle. 3. Provision the first tenant.
        </Text>
        <ButtonLink to="/fleet/register">Register a cell</ButtonLink>
      </Stack>
    </Block>
  );
}

function FailedJobs({ jobs }: { readonly jobs: readonly Job[] }) {
  return (
    <Block title={`Failed jobs (${jobs.length})`}>
      <Stack gap="sm">
        {jobs.slice(0, 10).map((job) => (
          <div key={job.id}>
            <Text size="sm">
              <StateBadge state="failed" /> <JobLink id={job.id} name={operationText(job)} /> ·{' '}
              <JobSubject job={job} /> · <When at={job.finished_at} />
            </Text>
            <Text size="sm">{job.error?.detail}</Text>
            <Text size="sm" c="dimmed">
              {job.error?.fix}
            </Text>
          </div>
        ))}
        <TextLink size="sm" to="/jobs">
          All failed jobs
        </TextLink>
      </Stack>
    </Block>
  );
}

function UnwellPlanes({ planes }: { readonly planes: readonly Plane[] }) {
  return (
    <Block title={`Planes that need attention (${planes.length})`}>
      <Text size="sm" mb="xs">
        Tenants of an offline plane keep working if only its link to the Control Plane is down.
      </Text>
      <Stack gap="xs">
        {planes.slice(0, 10).map((plane) => (
          <Text key={plane.id} size="sm">
            <PlaneLink id={plane.id} /> <StateBadge state={plane.health} />{' '}
            {plane.version_class !== null && plane.version_class !== 'current' && (
              <StateBadge state={plane.version_class} />
            )}{' '}
            {plane.health_status === 'failing' && <StateBadge state="failing" />} {plane.tenants} tenants ·
            last report <When at={plane.last_report_at} />
          </Text>
        ))}
        <TextLink size="sm" to="/fleet">
          The whole fleet
        </TextLink>
      </Stack>
    </Block>
  );
}

function OpenDrifts({ drifts }: { readonly drifts: readonly Drift[] }) {
  return (
    <Block title="Differences from the records">
      <Stack gap="xs">
        {drifts.map((drift) => (
          <Text key={drift.id} size="sm">
            <DriftSubject drift={drift} />: {drift.detail}
          </Text>
        ))}
        <TextLink size="sm" to="/drifts">
          All differences
        </TextLink>
      </Stack>
    </Block>
  );
}

function Cells({ planes }: { readonly planes: readonly Plane[] }) {
  if (planes.length === 0) return null;
  return (
    <Block title="Cells">
      <Table>
        <Table.Tbody>
          {planes.map((plane) => {
            const share = plane.capacity === 0 ? 1 : plane.tenants / plane.capacity;
            const isFull = share >= NEARLY_FULL;
            return (
              <Table.Tr key={plane.id}>
                <Table.Td>
                  <PlaneLink id={plane.id} />
                </Table.Td>
                <Table.Td>
                  {plane.tenants} of {plane.capacity} tenants
                  {!plane.accepts_tenants && ', closed'}
                  {isFull && ', nearly full'}
                </Table.Td>
                <Table.Td w="40%">
                  <Progress
                    value={100 * share}
                    color={isFull ? 'orange' : 'blue'}
                    aria-label="Places taken"
                  />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Block>
  );
}
