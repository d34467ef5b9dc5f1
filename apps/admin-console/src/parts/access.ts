import { useQuery } from '@tanstack/react-query';
import { me } from '../session';

/** Whether the operator may change anything. Support only reads. */
export function useMayChange(): boolean {
  const { data } = useQuery(me);
  return data?.role === 'owner' || data?.role === 'admin';
}

export function useIsOwner(): boolean {
  return useQuery(me).data?.role === 'owner';
}

export const READ_ONLY = 'You have read access. Ask an admin to make changes.';
