import { type Problem, ProblemError } from '@atlas/web';
import { useEffect, useRef, useState } from 'react';
import { eventsIn } from './event-stream';

export interface Answer<Whole> {
  readonly state: 'none' | 'running' | 'done' | 'stopped' | 'cut off';
  /** What has arrived, for people. */
  readonly text: string;
  /** Once all of it is there. */
  readonly whole?: Whole;
  readonly error?: unknown;
}

type Ask = (signal: AbortSignal) => Promise<{ readonly data?: ReadableStream<Uint8Array> | null }>;

/** Asks an AI. The answer arrives in pieces. There is one question at a time, however often it is started. */
export function useAnswer<Whole>(ask: Ask, onDone?: (whole: Whole) => void) {
  const [answer, setAnswer] = useState<Answer<Whole>>({ state: 'none', text: '' });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (): Promise<void> => {
    if (running.current) return;
    const control = new AbortController();
    running.current = control;
    let text = '';
    setAnswer({ state: 'running', text });
    try {
      const { data } = await ask(control.signal);
      for await (const { name, data: json } of eventsIn(data)) {
        if (name === 'done') {
          const whole = JSON.parse(json) as Whole;
          setAnswer({ state: 'done', text, whole });
          onDone?.(whole);
          return;
        }
        if (name === 'error') throw streamProblem(JSON.parse(json) as Pick<Problem, 'code' | 'detail'>);
        text += (JSON.parse(json) as { readonly text: string }).text;
        setAnswer({ state: 'running', text });
      }
      setAnswer({ state: 'cut off', text });
    } catch (error) {
      if (control.signal.aborted) setAnswer({ state: 'stopped', text });
      else setAnswer({ state: text === '' ? 'none' : 'cut off', text, error });
    } finally {
      running.current = undefined;
    }
  };
  return { answer, start: () => void start(), stop: () => running.current?.abort() };
}

/** A refusal that comes when the answer has begun. It has no status of its own. */
function streamProblem({ code, detail }: Pick<Problem, 'code' | 'detail'>): ProblemError {
  return new ProblemError({ code, title: 'The AI did not finish', status: 0, detail });
}
