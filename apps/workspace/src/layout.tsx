import { createRootRoute, createRoute, redirect } from '@tanstack/react-router';
import { queries } from './api';
import { Frame } from './frame';
import { Root } from './pages/root';
import { me } from './session';

export const root = createRootRoute({ component: Root });

/** The parent of every page that needs a signed-in user. */
export const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: Frame,
  beforeLoad: async ({ location }) => {
    if ((await queries.ensureQueryData(me)) === null)
      throw redirect({ to: '/sign-in', search: location.pathname === '/' ? {} : { to: location.href } });
  },
});
