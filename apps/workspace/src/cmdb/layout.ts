import { useEffect, useState } from 'react';

/** The size of an item in the picture. */
export const NODE = { width: 200, height: 54 } as const;
/** Nobody waits longer for a picture, and the list says the same. */
const LONGEST_MS = 15_000;

export interface LayoutTask {
  readonly ids: readonly string[];
  readonly lines: readonly { readonly id: string; readonly from: string; readonly to: string }[];
  readonly hasLabels: boolean;
}

export type Positions = Readonly<Record<string, { readonly x: number; readonly y: number }>>;

/** Where each item stands, so that it is left of what it needs. Null until that is known. */
export function useLayout(task: LayoutTask): Positions | 'too-large' | null {
  const [found, setFound] = useState<Positions | 'too-large' | null>(null);
  useEffect(() => {
    const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    const giveUp = (): void => {
      worker.terminate();
      setFound('too-large');
    };
    const timer = setTimeout(giveUp, LONGEST_MS);
    worker.onerror = giveUp;
    worker.onmessage = ({ data }: MessageEvent<Positions>) => {
      clearTimeout(timer);
      worker.terminate();
      setFound(data);
    };
    worker.postMessage(task);
    return () => {
      clearTimeout(timer);
      worker.terminate();
    };
  }, [task]);
  return found;
}
