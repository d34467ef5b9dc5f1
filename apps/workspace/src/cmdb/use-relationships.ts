import { bodyOf } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, every } from '../api';
import { useOnce } from '../once';
import { type NewRelationship, type Relationship } from './item';

const MOST = 200;
const REFRESH_MS = 30_000;

export function useRelationships(id: string) {
  return useQuery({
    queryKey: ['items', 'relationships', id],
    queryFn: () =>
      bodyOf(api.GET('/api/cmdb/relationships', { params: { query: { item_id: id, limit: MOST } } })),
    refetchInterval: every(REFRESH_MS),
  });
}

export function useAddRelationship() {
  const once = useOnce();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewRelationship) =>
      bodyOf(api.POST('/api/cmdb/relationships', { body, headers: once.headers() })),
    onSuccess: () => {
      once.done();
      void queries.invalidateQueries({ queryKey: ['items'] });
    },
    onError: once.done,
  });
}

export function useRemoveRelationship({ id }: Relationship) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => api.DELETE('/api/cmdb/relationships/{id}', { params: { path: { id } } }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['items'] }),
  });
}
