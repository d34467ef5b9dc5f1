import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';
import { usersSearchOf } from '../users/user';

const users = createRoute({
  getParentRoute: () => signedIn,
  path: '/users',
  validateSearch: usersSearchOf,
  component: lazyRouteComponent(() => import('../pages/users/users'), 'Users'),
});

const singleSignOn = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/sign-in',
  component: lazyRouteComponent(() => import('../pages/users/single-sign-on'), 'SingleSignOn'),
});

export const userRoutes = [users, singleSignOn] as const;
