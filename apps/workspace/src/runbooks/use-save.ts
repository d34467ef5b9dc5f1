import { bodyOf } from '@atlas/web';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../api';
import { useCarefulSave } from '../careful-save';
import { useOnce } from '../once';
import { type NewRunbook, type Runbook } from './runbook';
import { readRunbook } from './use-runbooks';

/** Stores a runbook, or a new version of it. */
export function useSave(first: Runbook | null) {
  const once = useOnce();
  const queries = useQueryClient();
  return useCarefulSave({
    first,
    versionOf: (runbook) => runbook?.version,
    read: () => (first === null ? Promise.resolve(null) : readRunbook(first.id)),
    save: (body: NewRunbook): Promise<Runbook | null> =>
      bodyOf(
        first === null
          ? api.POST('/api/runbooks', { body, headers: once.headers() })
          : api.PUT('/api/runbooks/{id}', { params: { path: { id: first.id } }, body }),
      ),
    onSaved: (runbook) => {
      if (runbook) queries.setQueryData(['runbooks', 'one', runbook.id], runbook);
      void queries.invalidateQueries({ queryKey: ['runbooks', 'list'] });
    },
    onError: once.done,
  });
}
