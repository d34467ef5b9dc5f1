import { Paper, Progress, Stack, Table, Text, Title } from '@mantine/core';
import { Page, StateBadge, When, bodyOf } from '@atlas/web';
import { profileOf } from '@atlas/deployment-profiles';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode } from 'react';
import { api } from '../api';
import { operationText } from '../jobs/job-facts';
import { JobBadge } from '../jobs/job-state';
import { JobsTable, useJobs } from '../jobs/jobs-table';
import { READ_ONLY, useMayChange } from '../parts/access';
import { ButtonLink, JobLink, JobSubject, PlaneLink, TenantLink, TextLink } from '../parts/links';
import { fleet, versionStateOf } from '../parts/planes';
import { type Drift, type Job, type Plane } from '../parts/types';
import { DriftSubject } from './drifts';

const POLL_MS = 10_000;
/** A cell that is this full needs another cell soon. */
const NEARLY_FULL = 0.8;

/** What is wrong, and what to do next. */
export function Overview() {
  const mayChange = useMayChange();
  const planes = useQuery({ ...fleet, refetchInterval: POLL_MS });
  const stopped = useJobs({ needs_attention: true });
  const live = useJobs({ live: true });
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
  const stoppedJobs = jobsOf(stopped);
  // Most have a job that is listed.
  const failedTenants = (broken.data?.items ?? []).filter(
    ({ id }) => !stoppedJobs.some(({ tenant_id: tenant }) => tenant === id),
  );
  const liveJobs = jobsOf(live);
  const open = drifts.data?.items ?? [];
  const known = planes.data?.filter(({ status }) => status === 'enrolled') ?? [];
  const unwell = known.filter(isUnwell);
  const isLoading =
    planes.isPending || stopped.isPending || broken.isPending || drifts.isPending || live.isPending;
  const isCalm = stoppedJobs.length + failedTenants.length + unwell.length + open.length === 0;
  return (
    <Page
      title="Overview"
      {...(!mayChange && { about: READ_ONLY })}
      error={planes.error ?? stopped.error ?? broken.error ?? drifts.error}
      isLoading={isLoading}
    >
      <Stack gap="lg">
        {isCalm && <Text fw={600}>Nothing needs you. {onlineText(known)}</Text>}
        {planes.data?.length === 0 && <FirstSteps />}
        {stoppedJobs.length > 0 && <StoppedJobs pages={stopped} />}
        {failedTenants.length > 0 && (
          <Block title={`Tenants that could not be provisioned (${failedTenants.length})`}>
            <Text size="sm" mb="xs">
              Open the tenant, then retry its last job or deprovision the tenant.
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

const SHOWN = 10;

/** Jobs that go on only once a person has decided how. */
function StoppedJobs({ pages }: { readonly pages: ReturnType<typeof useJobs> }) {
  const jobs = jobsOf(pages);
  const isMore = pages.hasNextPage || jobs.length > SHOWN;
  return (
    <Block title={`Jobs that need you (${pages.hasNextPage ? 'more than ' : ''}${jobs.length})`}>
      <Text size="sm" mb="xs">
        Open the job. Then retry it, or roll it back.
      </Text>
      <Stack gap="sm">
        {jobs.slice(0, SHOWN).map((job) => (
          <div key={job.id}>
            <Text size="sm" component="div">
              <JobBadge job={job} /> <JobLink id={job.id} name={operationText(job)} /> ·{' '}
              <JobSubject job={job} /> · <When at={job.finished_at} />
            </Text>
            <Text size="sm">{job.error?.detail ?? 'It was stopped before it was done.'}</Text>
            <Text size="sm" c="dimmed">
              {job.error?.fix}
            </Text>
          </div>
        ))}
        {isMore && (
          <TextLink size="sm" to="/jobs">
            All jobs that need you
          </TextLink>
        )}
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
              <StateBadge state={versionStateOf(plane)} />
            )}{' '}
            {plane.health_status === 'failing' && <StateBadge state="failing" />}{' '}
            {plane.identity_forked && <StateBadge state="two_copies" />}{' '}
            {`${plane.tenants} tenants · last report `}
            <When at={plane.last_report_at} />
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
