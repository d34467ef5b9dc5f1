import { textOf } from '@atlas/web';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';
import { rangeSearchOf } from '../slos/ranges';
import { type SloSearch } from '../slos/slo';

const slos = createRoute({
  getParentRoute: () => signedIn,
  path: '/slos',
  validateSearch: ({ service, ci_id }: Record<string, unknown>): SloSearch => ({
    service: textOf(service),
    ci_id: textOf(ci_id),
  }),
  component: lazyRouteComponent(() => import('../pages/slos/slos'), 'Slos'),
});

const newSlo = createRoute({
  getParentRoute: () => signedIn,
  path: '/slos/new',
  component: lazyRouteComponent(() => import('../pages/slos/new-slo'), 'NewSlo'),
});

const importSlo = createRoute({
  getParentRoute: () => signedIn,
  path: '/slos/import',
  component: lazyRouteComponent(() => import('../pages/slos/import-slo'), 'ImportSlo'),
});

const slo = createRoute({
  getParentRoute: () => signedIn,
  path: '/slos/$id',
  validateSearch: rangeSearchOf,
  component: lazyRouteComponent(() => import('../pages/slos/one-slo'), 'OneSlo'),
});

const editSlo = createRoute({
  getParentRoute: () => signedIn,
  path: '/slos/$id/edit',
  component: lazyRouteComponent(() => import('../pages/slos/edit-slo'), 'EditSlo'),
});

export const sloRoutes = [slos, newSlo, importSlo, slo, editSlo] as const;
