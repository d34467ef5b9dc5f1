import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';

const dataSources = createRoute({
  getParentRoute: () => signedIn,
  path: '/data-sources',
  component: lazyRouteComponent(() => import('../pages/data-sources/sources'), 'Sources'),
});

const newDataSource = createRoute({
  getParentRoute: () => signedIn,
  path: '/data-sources/new',
  component: lazyRouteComponent(() => import('../pages/data-sources/new-source'), 'NewSource'),
});

const dataSource = createRoute({
  getParentRoute: () => signedIn,
  path: '/data-sources/$id',
  component: lazyRouteComponent(() => import('../pages/data-sources/one-source'), 'OneSource'),
});

export const dataSourceRoutes = [dataSources, newDataSource, dataSource] as const;
