import { hashKey, useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { type IfMatch, type Versioned, storedNow } from '../api/versioned';

interface CarefulSave<Stored, Body> {
  /** What the form was filled from. */
  readonly first: Versioned<Stored>;
  readonly save: (body: Body, header: IfMatch) => Promise<Versioned<Stored>>;
  /** The part that the form shows. Other parts may change meanwhile. Without it, all that is stored. */
  readonly shownOf?: (stored: Stored) => unknown;
  /** Shows the pages behind the form what is stored: what the form has saved, or theirs. */
  readonly keep?: (stored: Stored) => void;
  readonly onSaved?: (stored: Stored, etag: string) => void | Promise<void>;
  readonly onError?: (error: Error) => void;
}

/**
 * Saves a form, unless somebody else has saved since it was filled. Then `theirs` is what they saved, nothing
 * is stored, and saving again replaces it.
 */
export function useCarefulSave<Stored, Body extends object>(form: CarefulSave<Stored, Body>) {
  const { first, save, shownOf = (stored) => stored, keep, onSaved, onError } = form;
  const known = useRef(first);
  const [theirs, setTheirs] = useState<Stored | null>(null);
  /** Null if somebody else was faster. */
  const send = async (body: Body): Promise<Versioned<Stored> | null> => {
    const { stored: before, etag } = known.current;
    try {
      return await save(body, { 'if-match': etag });
    } catch (error) {
      const now = storedNow(error, before);
      if (now === null || now.etag === etag) throw error;
      known.current = now;
      // An earlier save may have been stored although its answer was lost.
      if (says(now.stored, body)) return now;
      if (isSame(shownOf(now.stored), shownOf(before))) return send(body);
      keep?.(now.stored);
      setTheirs(now.stored);
      return null;
    }
  };
  const mutation = useMutation({
    mutationFn: async (body: Body) => {
      const saved = await send(body);
      if (saved === null) return null;
      known.current = saved;
      setTheirs(null);
      keep?.(saved.stored);
      await onSaved?.(saved.stored, saved.etag);
      return saved.stored;
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

/** Whether everything that a change says is stored. */
function says<Stored>(stored: Stored, change: object): boolean {
  const found = new Map(Object.entries(stored ?? {}));
  return Object.entries(change).every(([key, value]) => isSame(found.get(key), value));
}

function isSame(one: unknown, other: unknown): boolean {
  return hashKey([one]) === hashKey([other]);
}
