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
      const isUnknown = error && !(error instanceof ProblemError && error.problem.status < 500);
      if (!isUnknown) key.current = onceKey();
    },
  };
}
