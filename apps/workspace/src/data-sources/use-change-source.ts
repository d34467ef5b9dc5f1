import { bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../api';
import { type Source, type SourceChange } from './source';

/** Shows on all pages what a change has stored. */
export function useKeepSource() {
  const queries = useQueryClient();
  return (source: Source): void => {
    queries.setQueryData(['data-sources', 'one', source.id], source);
    void queries.invalidateQueries({ queryKey: ['data-sources', 'list'] });
    void queries.invalidateQueries({ queryKey: ['data-sources', 'all'] });
  };
}

export function useChangeSource(id: string) {
  return useMutation({
    mutationFn: (body: SourceChange) =>
      bodyOf(api.PATCH('/api/data-sources/{id}', { params: { path: { id } }, body })),
    onSuccess: useKeepSource(),
  });
}
