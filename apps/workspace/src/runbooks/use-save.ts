import { type IfMatch, type Versioned, bodyOf, useCarefulSave, versionedOf } from '@atlas/web';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api';
import { useOnce } from '../once';
import { type NewRunbook, type Runbook } from './runbook';

type MaybeStored = Versioned<Runbook | null>;
const NEW: MaybeStored = { stored: null, etag: '' };

/** Stores a runbook, or a new version of it. */
export function useSave(first: Versioned<Runbook> | null) {
  const once = useOnce();
  const queries = useQueryClient();
  return useCarefulSave({
    first: first ?? NEW,
    save: async (body: NewRunbook, header: IfMatch): Promise<MaybeStored> => {
      if (first === null)
        return { ...NEW, stored: await bodyOf(api.POST('/api/runbooks', { body, headers: once.headers() })) };
      const params = { path: { id: first.stored.id }, header };
      return versionedOf(api.PUT('/api/runbooks/{id}', { params, body }));
    },
    keep: (runbook) => {
      if (runbook) queries.setQueryData(['runbooks', 'one', runbook.id], runbook);
      void queries.invalidateQueries({ queryKey: ['runbooks', 'list'] });
    },
    onError: once.done,
  });
}
