import { type Problem, ProblemError } from '@atlas/web';
import { useEffect, useRef, useState } from 'react';
import { eventsIn } from './event-stream';

export interface Answer<Whole> {
  /** How the last question goes. */
  readonly state: 'none' | 'asked' | 'writing' | 'done' | 'stopped' | 'cut off' | 'refused';
  /** What has arrived, for people. Until the first of it arrives, the answer before stays. */
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
    const goOnAs = (state: Answer<Whole>['state'], error?: unknown): void =>
      setAnswer(text === '' ? (shown) => ({ ...shown, state, error }) : { state, text, error });
    goOnAs('asked');
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
        setAnswer({ state: 'writing', text });
      }
      goOnAs('cut off');
    } catch (error) {
      if (control.signal.aborted) goOnAs('stopped');
      else goOnAs(text === '' ? 'refused' : 'cut off', error);
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
