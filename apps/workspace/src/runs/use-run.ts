import { ProblemError, bodyOf } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, every } from '../api';
import { useOnce } from '../once';
import { type Run } from './run';

export const runKey = (id: string) => ['runs', 'one', id] as const;

export function useRun(id: string, refreshMs: number | null) {
  return useQuery({
    queryKey: runKey(id),
    queryFn: () => bodyOf(api.GET('/api/automation/jobs/{id}', { params: { path: { id } } })),
    refetchInterval: refreshMs === null ? false : every(refreshMs),
  });
}

export type DecisionKind = 'approve' | 'reject' | 'complete' | 'cancel' | 'retry';

interface Decision {
  readonly kind: DecisionKind;
  /** The step that it is about. Not for a whole run. */
  readonly step: string;
  readonly note: string;
}

/** Decides something about a run. A refusal may mean that somebody was faster, so the run is read again. */
export function useDecide(id: string) {
  const once = useOnce();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (decision: Decision) => sent(id, decision, once.headers()),
    onSuccess: (run) => {
      once.done();
      // A repeated answer has no outputs, so those that are there stay.
      queries.setQueryData<Run>(runKey(id), (old) => (old ? withTailsOf(run, old) : run));
      void queries.invalidateQueries({ queryKey: ['runs'] });
    },
    onError: (error) => {
      once.done(error);
      if (error instanceof ProblemError) void queries.invalidateQueries({ queryKey: ['runs'] });
    },
  });
}

type Headers = ReturnType<ReturnType<typeof useOnce>['headers']>;

function sent(id: string, { kind, step, note: text }: Decision, headers: Headers): Promise<Run> {
  const note = text.trim() === '' ? {} : { note: text };
  const params = { path: { id } };
  switch (kind) {
    case 'approve':
      return bodyOf(
        api.POST('/api/automation/jobs/{id}/approve', { params, body: { step, ...note }, headers }),
      );
    case 'reject':
      return bodyOf(
        api.POST('/api/automation/jobs/{id}/reject', { params, body: { step, ...note }, headers }),
      );
    case 'complete':
      return bodyOf(
        api.POST('/api/automation/jobs/{id}/complete', { params, body: { step, ...note }, headers }),
      );
    case 'cancel':
      return bodyOf(api.POST('/api/automation/jobs/{id}/cancel', { params, body: note, headers }));
    case 'retry':
      return bodyOf(api.POST('/api/automation/jobs/{id}/retry', { params, body: note, headers }));
  }
}

function withTailsOf(run: Run, old: Run): Run {
  const steps = run.steps.map((step, index) => ({
    ...step,
    output_tail: step.output_tail ?? old.steps[index]?.output_tail ?? null,
  }));
  return { ...run, steps };
}
