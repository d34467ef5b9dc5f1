import { Text } from '@mantine/core';
import { Rows, When, bodyOf, useNow } from '@atlas/web';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode } from 'react';
import { api } from '../api';
import { tookText } from '../parts/durations';
import { JobLink, JobSubject } from '../parts/links';
import { given } from '../parts/search';
import { type Job } from '../parts/types';
import { currentStep, isLive, operationText } from './job-facts';
import { JobBadge } from './job-state';
import { plainText } from './job-steps';
import { textOfStep } from './step-texts';

const LIVE_MS = 5000;
const CALM_MS = 30_000;

export interface JobFilter {
  readonly operation?: Job['operation'] | undefined;
  readonly live?: boolean | undefined;
  readonly needs_attention?: boolean | undefined;
  readonly tenant_id?: string | undefined;
  readonly tenant_plane_id?: string | undefined;
  readonly parent_id?: string | undefined;
}

export function useJobs(filter: JobFilter) {
  return useInfiniteQuery({
    queryKey: ['jobs', given(filter)],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(
        api.GET('/api/provisioning-jobs', {
          params: { query: { limit: 50, ...given({ ...filter, cursor }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(isLive)) === true ? LIVE_MS : CALM_MS,
  });
}

interface JobsTableProps {
  readonly filter: JobFilter;
  readonly empty: ReactNode;
  readonly height?: string;
}

export function JobsTable({ filter, empty, height }: JobsTableProps) {
  const pages = useJobs(filter);
  const now = useNow(5000);
  return (
    <Rows
      label="Jobs"
      pages={pages}
      keyOf={({ id }) => id}
      empty={empty}
      {...(height !== undefined && { height })}
      columns={[
        { name: 'Job', width: 150, cell: (job) => <JobLink id={job.id} name={operationText(job)} /> },
        { name: 'State', width: 110, cell: (job) => <JobBadge job={job} /> },
        { name: 'About', width: 160, cell: (job) => <JobSubject job={job} /> },
        { name: 'Step', width: 260, cell: (job) => <StepNote job={job} /> },
        { name: 'Started', width: 140, cell: ({ created_at }) => <When at={created_at} /> },
        {
          name: 'Took',
          width: 110,
          cell: ({ created_at, finished_at }) => tookText(created_at, finished_at, now),
        },
      ]}
    />
  );
}

/** `3 of 7: what it waits for, or what went wrong` */
function StepNote({ job }: { readonly job: Job }) {
  const current = job.status === 'succeeded' ? null : currentStep(job);
  const waitingFor = isLive(job) ? current?.step.waiting_for : null;
  const awaited = waitingFor ? `waiting for ${waitingFor}` : undefined;
  const said = job.error?.detail ?? current?.step.error?.detail ?? awaited;
  const note = said === undefined ? current && textOfStep(current.step.name) : plainText(said);
  return (
    <Text size="sm" truncate title={note ?? ''}>
      {current !== null && `${current.number} of ${job.steps.length}: `}
      {note}
    </Text>
  );
}
