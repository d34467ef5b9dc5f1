import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';
import { ledgerSearchOf } from '../residency/residency';

const plan = createRoute({
  getParentRoute: () => signedIn,
  path: '/plan',
  component: lazyRouteComponent(() => import('../pages/plan/plan'), 'PlanPage'),
});

const outages = createRoute({
  getParentRoute: () => signedIn,
  path: '/outages',
  component: lazyRouteComponent(() => import('../pages/outages/outages'), 'Outages'),
});

const residency = createRoute({
  getParentRoute: () => signedIn,
  path: '/residency',
  validateSearch: ledgerSearchOf,
  component: lazyRouteComponent(() => import('../pages/residency/residency'), 'Residency'),
});

export const planRoutes = [plan, outages, residency] as const;
