import { ProblemError, onceKey } from '@atlas/web';
import { useRef } from 'react';

/**
 * The key of a form's call. A call without an answer is repeated with the same key, so that it happens once.
 * A refused call takes a new one.
 */
export function useOnce() {
  const key = useRef(onceKey());
  return {
    headers: () => key.current,
    done: (error?: unknown): void => {
      const isRefused = error instanceof ProblemError && error.problem.status < 500 && !isUnderWay(error);
      const isUnknown = error && !isRefused;
      if (!isUnknown) key.current = onceKey();
    },
  };
}

/** The earlier call with the same key has not ended. */
function isUnderWay({ problem }: ProblemError): boolean {
  return problem.code === 'request_in_progress';
}
