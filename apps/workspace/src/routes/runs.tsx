import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';
import { runSearchOf } from '../runs/run-search';

const list = createRoute({
  getParentRoute: () => signedIn,
  path: '/runs',
  validateSearch: runSearchOf,
  component: lazyRouteComponent(() => import('../pages/runs/list'), 'Runs'),
});

const one = createRoute({
  getParentRoute: () => signedIn,
  path: '/runs/$id',
  component: lazyRouteComponent(() => import('../pages/runs/one'), 'OneRun'),
});

const approvals = createRoute({
  getParentRoute: () => signedIn,
  path: '/approvals',
  component: lazyRouteComponent(() => import('../pages/runs/approvals'), 'Approvals'),
});

const automation = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/automation',
  component: lazyRouteComponent(() => import('../pages/runs/automation'), 'Automation'),
});

export const runRoutes = [list, one, approvals, automation] as const;
