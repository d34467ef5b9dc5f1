import { bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, queries } from '../api';
import { me } from '../session';
import { type Person, type PersonChange } from './user';

/** A change may concern the signed-in user, who is shown on every page. */
export async function refreshPeople(): Promise<void> {
  await queries.invalidateQueries({ queryKey: ['users'] });
  await queries.invalidateQueries({ queryKey: me.queryKey });
}

export function useChangePerson({ id }: Person) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: PersonChange) =>
      bodyOf(api.PATCH('/api/users/{id}', { params: { path: { id } }, body })),
    onSuccess: refreshPeople,
    onError: () => client.invalidateQueries({ queryKey: ['users', 'list'] }),
  });
}
