import { bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../api';
import { type SourceChange } from './source';

export function useChangeSource(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: SourceChange) =>
      bodyOf(api.PATCH('/api/data-sources/{id}', { params: { path: { id } }, body })),
    onSuccess: (source) => {
      queries.setQueryData(['data-sources', 'one', id], source);
      void queries.invalidateQueries({ queryKey: ['data-sources', 'list'] });
      void queries.invalidateQueries({ queryKey: ['data-sources', 'all'] });
    },
  });
}
