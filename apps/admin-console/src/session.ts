import { bodyOf, sessionOf } from '@atlas/web';
import { ME, api, queries } from './api';

/** Who is signed in here. */
export const session = sessionOf({
  queries,
  key: ME,
  read: () => bodyOf(api.GET('/api/auth/me')),
  idOf: ({ id }) => id,
});
export const { me } = session;
