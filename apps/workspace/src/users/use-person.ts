import { bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, queries } from '../api';
import { me } from '../session';
import { type Person, type PersonChange } from './user';

export function readPerson(id: string): Promise<Person> {
  return bodyOf(api.GET('/api/users/{id}', { params: { path: { id } } }));
}

export function changePerson(id: string, body: PersonChange): Promise<Person> {
  return bodyOf(api.PATCH('/api/users/{id}', { params: { path: { id } }, body }));
}

/** A change may concern the signed-in user, who is shown on every page. */
export async function refreshPeople(): Promise<void> {
  await queries.invalidateQueries({ queryKey: ['users'] });
  await queries.invalidateQueries({ queryKey: me.queryKey });
}

export function useChangePerson({ id }: Person) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: PersonChange) => changePerson(id, body),
    onSuccess: refreshPeople,
    onError: () => client.invalidateQueries({ queryKey: ['users', 'list'] }),
  });
}
