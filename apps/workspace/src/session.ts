import { type TenantPlaneSchemas, bodyOf, sessionOf } from '@atlas/web';
import { createContext, useContext } from 'react';
import { ME, api, queries } from './api';
import { type Role, isAtLeast } from './roles';

export type User = TenantPlaneSchemas['schemas']['UserView'];

/** Who is signed in here. */
export const session = sessionOf({
  queries,
  key: ME,
  read: () => bodyOf(api.GET('/api/auth/me')),
  idOf: ({ user }) => user.id,
});
export const { me } = session;

/** Who is signed in, or was until the session ended a moment ago. */
export const SessionUser = createContext<User | null>(null);

export function useUser(): User {
  const user = useContext(SessionUser);
  if (!user) throw new Error('The page is shown outside the frame.');
  return user;
}

export function useMay(needed: Role): boolean {
  return isAtLeast(useUser().role, needed);
}
