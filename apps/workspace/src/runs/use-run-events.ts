import { useDocumentVisibility } from '@mantine/hooks';
import { ProblemError, bodyOf } from '@atlas/web';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../api';
import { me } from '../session';
import { NO_OUTPUT, type Output, placed } from './output';
import { type Run, type RunStep } from './run';
import { runKey } from './use-run';

/** `polling`: no stream can be opened, so the run is read again and again. */
export type Following = 'not' | 'connecting' | 'live' | 'polling';

interface OutputEvent {
  readonly step: string;
  readonly offset: number;
  readonly text: string;
}

const RETRIES_MS = [1000, 2000, 5000, 10_000];
/** How often a stream may be refused before the page does without. */
const MOST_REFUSALS = 2;

/**
 * Follows a run that has not ended. The browser must not reconnect by itself: after a move it would call
 * another origin, and it does not see that the session has ended.
 */
export function useRunEvents(id: string, hasEnded: boolean) {
  const queries = useQueryClient();
  const isVisible = useDocumentVisibility() !== 'hidden';
  const [following, setFollowing] = useState<Following>('connecting');
  const [outputs, setOutputs] = useState<ReadonlyMap<string, Output>>(new Map());
  const [problem, setProblem] = useState<string | null>(null);
  const isSignedIn = useQuery(me).data !== null;
  const isOn = isVisible && isSignedIn && !hasEnded;

  useEffect(() => {
    if (!isOn) {
      setFollowing('not');
      return;
    }
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    let failures = 0;
    let refusals = 0;
    const refresh = (): void => void queries.invalidateQueries({ queryKey: runKey(id) });

    const onStep = (step: RunStep): void => {
      let isNews = false;
      queries.setQueryData<Run>(runKey(id), (run) => {
        if (!run) return run;
        const steps = run.steps.map((old) => {
          if (old.name !== step.name) return old;
          isNews = old.status !== step.status;
          return { ...step, config: old.config, output_tail: old.output_tail };
        });
        return { ...run, steps };
      });
      if (step.output_bytes === 0)
        setOutputs((old) => (old.has(step.name) ? new Map(old).set(step.name, NO_OUTPUT) : old));
      // Steps do not say what the state of the run is.
      if (isNews) refresh();
    };
    const onOutput = ({ step, offset, text }: OutputEvent): void =>
      setOutputs((old) => new Map(old).set(step, placed(old.get(step) ?? NO_OUTPUT, offset, text)));
    const reopen = (): void => {
      if (isOver) return;
      setFollowing('connecting');
      const wait = RETRIES_MS[Math.min(failures, RETRIES_MS.length - 1)];
      failures += 1;
      timer = setTimeout(() => void askFirst(), wait);
    };
    /** A stream ends without a word when the session ends or the tenant moves, which only a call can tell. */
    const askFirst = async (): Promise<void> => {
      try {
        await bodyOf(api.GET('/api/auth/me'));
      } catch (error) {
        if (error instanceof ProblemError && error.problem.status < 500) setFollowing('not');
        else reopen();
        return;
      }
      if (!isOver) open();
    };
    const open = (): void => {
      const opened = new EventSource(`/api/automation/jobs/${id}/events`);
      source = opened;
      let wasOpen = false;
      opened.onopen = () => {
        wasOpen = true;
        failures = 0;
        refusals = 0;
        setProblem(null);
        setFollowing('live');
      };
      opened.addEventListener('step', (event) => onStep(JSON.parse(String(event.data)) as RunStep));
      opened.addEventListener('output', (event) => onOutput(JSON.parse(String(event.data)) as OutputEvent));
      opened.addEventListener('done', () => {
        opened.close();
        isOver = true;
        setFollowing('not');
        refresh();
        void queries.invalidateQueries({ queryKey: ['runs'] });
      });
      opened.onerror = (event) => {
        opened.close();
        if (event instanceof MessageEvent && typeof event.data === 'string') {
          setProblem((JSON.parse(event.data) as { readonly detail: string }).detail);
          refresh();
        } else if (!wasOpen) refusals += 1;
        if (refusals < MOST_REFUSALS) {
          reopen();
          return;
        }
        setOutputs(new Map());
        setFollowing('polling');
      };
    };
    setFollowing('connecting');
    open();
    return () => {
      isOver = true;
      clearTimeout(timer);
      source?.close();
    };
  }, [id, isOn, queries]);
  return { following, outputs, problem };
}
