import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';

interface CarefulSave<Stored, Body> {
  /** What the form was filled from. */
  readonly first: Stored;
  readonly read: () => Promise<Stored>;
  readonly save: (body: Body) => Promise<Stored>;
  /** What differs once somebody else has saved. Without it, all that is stored. */
  readonly versionOf?: (stored: Stored) => unknown;
  readonly onSaved?: (stored: Stored) => void | Promise<void>;
  readonly onError?: (error: Error) => void;
}

/**
 * Saves a form, unless somebody else has saved since it was filled. Then `theirs` is what they saved, nothing
 * is sent, and saving again replaces it.
 */
export function useCarefulSave<Stored, Body>(form: CarefulSave<Stored, Body>) {
  const { first, read, save, versionOf = (stored) => stored, onSaved, onError } = form;
  const known = useRef(first);
  const [theirs, setTheirs] = useState<Stored | null>(null);
  const keyOf = (stored: Stored): string => JSON.stringify(versionOf(stored));
  const mutation = useMutation({
    mutationFn: async (body: Body) => {
      const now = await read();
      if (keyOf(now) !== keyOf(known.current)) {
        known.current = now;
        setTheirs(now);
        return null;
      }
      const stored = await save(body);
      known.current = stored;
      setTheirs(null);
      await onSaved?.(stored);
      return stored;
    },
    onError,
  });
  /** Goes on from what they saved. */
  const takeTheirs = (): void => {
    setTheirs(null);
    mutation.reset();
  };
  return { ...mutation, theirs, takeTheirs, isSaved: mutation.isSuccess && theirs === null };
}
