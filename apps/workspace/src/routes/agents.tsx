import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';

const list = createRoute({
  getParentRoute: () => signedIn,
  path: '/agents',
  component: lazyRouteComponent(() => import('../pages/agents/list'), 'Agents'),
});

const add = createRoute({
  getParentRoute: () => signedIn,
  path: '/agents/new',
  component: lazyRouteComponent(() => import('../pages/agents/new'), 'NewAgent'),
});

const one = createRoute({
  getParentRoute: () => signedIn,
  path: '/agents/$id',
  component: lazyRouteComponent(() => import('../pages/agents/one'), 'OneAgent'),
});

export const agentRoutes = [list, add, one] as const;
