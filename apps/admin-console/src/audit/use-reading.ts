import { useEffect, useRef, useState } from 'react';
import { type Reading } from './chain';

interface ReadingControl {
  readonly count: number;
  readonly wasStopped: boolean;
  /** Begins anew. */
  readonly begin: () => Reading;
  readonly stop: () => void;
}

/** One reading of the trail at a time, which ends when the page is left. */
export function useReading(): ReadingControl {
  const [count, setCount] = useState(0);
  const [wasStopped, setWasStopped] = useState(false);
  const control = useRef<AbortController>(null);
  useEffect(() => () => control.current?.abort(), []);
  return {
    count,
    wasStopped,
    begin: () => {
      const { signal } = (control.current = new AbortController());
      setCount(0);
      setWasStopped(false);
      return { signal, onProgress: setCount };
    },
    stop: () => {
      setWasStopped(true);
      control.current?.abort();
    },
  };
}
