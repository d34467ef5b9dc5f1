import { ProblemError } from '@atlas/web';
import { useEffect, useRef, useState } from 'react';
import { api } from '../api';
import { eventsIn } from './event-stream';

export interface Analysis {
  readonly state: 'none' | 'running' | 'done' | 'stopped' | 'cut off';
  readonly text: string;
  readonly model?: string;
  readonly error?: unknown;
}

interface Done {
  readonly analysis: string;
  readonly model: string;
}

/** Asks the AI about an incident. The answer arrives in pieces. */
export function useAnalysis(id: string) {
  const [analysis, setAnalysis] = useState<Analysis>({ state: 'none', text: '' });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (): Promise<void> => {
    const control = new AbortController();
    running.current = control;
    let text = '';
    setAnalysis({ state: 'running', text });
    try {
      const { data } = await api.POST('/api/ai/incidents/{id}/analysis', {
        params: { path: { id } },
        headers: { accept: 'text/event-stream' },
        parseAs: 'stream',
        signal: control.signal,
      });
      for await (const { name, data: json } of eventsIn(data)) {
        if (name === 'done') {
          const { analysis: whole, model } = JSON.parse(json) as Done;
          setAnalysis({ state: 'done', text: whole, model });
          return;
        }
        if (name === 'error') {
          const { detail } = JSON.parse(json) as { readonly detail: string };
          setAnalysis({ state: 'cut off', text, error: streamProblem(detail) });
          return;
        }
        text += (JSON.parse(json) as { readonly text: string }).text;
        setAnalysis({ state: 'running', text });
      }
      setAnalysis({ state: 'cut off', text });
    } catch (error) {
      if (control.signal.aborted) setAnalysis({ state: 'stopped', text });
      else setAnalysis({ state: text === '' ? 'none' : 'cut off', text, error });
    }
  };
  return { analysis, start: () => void start(), stop: () => running.current?.abort() };
}

function streamProblem(detail: string): ProblemError {
  return new ProblemError({ code: 'analysis_failed', title: 'The analysis failed', status: 0, detail });
}
