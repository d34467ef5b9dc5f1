import { bodyOf, useEvents, useNow } from '@atlas/web';
import { useDocumentVisibility } from '@mantine/hooks';
import { type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, queries } from '../api';
import { type Job, type Step } from '../parts/types';
import { me } from '../session';
import { isLive } from './job-facts';

/** How long the stream may be away before the page asks by itself, and how often it asks then. */
const PATIENCE_MS = 10_000;
const POLL_MS = 3000;

function jobQuery(id: string) {
  return queryOptions({
    queryKey: ['job', id],
    queryFn: () => bodyOf(api.GET('/api/provisioning-jobs/{id}', { params: { path: { id } } })),
  });
}

/** Call this with the job that an answer contains, so that pages show it without asking. */
export function keepJob(client: QueryClient, job: Job): void {
  client.setQueryData(jobQuery(job.id).queryKey, job);
}

/** What a job changes may be on any page. */
export function forgetLists(client: QueryClient): void {
  for (const name of ['jobs', 'tenants', 'tenant', 'planes', 'drifts', 'tokens'])
    void client.invalidateQueries({ queryKey: [name] });
}

/** A job, followed while it is live and the page is in view. */
export function useJob(id: string) {
  const client = useQueryClient();
  const isVisible = useDocumentVisibility() === 'visible';
  const [isInterrupted, setInterrupted] = useState(false);
  const query = useQuery({
    ...jobQuery(id),
    refetchInterval: ({ state }) => (isInterrupted && state.data && isLive(state.data) ? POLL_MS : false),
  });
  const job = query.data;
  const isFollowed = job !== undefined && isLive(job);
  const stream = useEvents(
    isFollowed && isVisible ? `/api/provisioning-jobs/${id}/events` : null,
    ['step', 'done'],
    (name, data) => {
      if (name === 'step') client.setQueryData(jobQuery(id).queryKey, (old) => withStep(old, data as Step));
      if (name === 'done') {
        keepJob(client, data as Job);
        forgetLists(client);
      }
      return name !== 'step';
    },
  );
  const isAway = isFollowed && isVisible && stream !== 'live';
  useEffect(() => {
    if (!isAway) {
      setInterrupted(false);
      return;
    }
    // A stream that ended without a result may mean that the session has ended.
    if (stream === 'over') void queries.invalidateQueries({ queryKey: me.queryKey });
    const timer = setTimeout(() => setInterrupted(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isAway, stream]);
  return { job, error: query.error, isPending: query.isPending, isInterrupted };
}

function withStep(job: Job | undefined, changed: Step): Job | undefined {
  if (job === undefined) return undefined;
  const steps = job.steps.map((step) => (step.name === changed.name ? { ...step, ...changed } : step));
  return { ...job, status: statusWith(job, changed), steps };
}

/** The stream tells a job's own status only at its end. */
function statusWith({ status }: Job, { status: step }: Step): Job['status'] {
  return step === 'running' || step === 'waiting' ? step : status;
}

/** Ticks every second while the job is live, for durations. */
export function useTick(isTicking: boolean): number {
  return useNow(isTicking ? 1000 : 60_000);
}
