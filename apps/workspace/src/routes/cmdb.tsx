import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';
import { itemSearchOf, mapSearchOf } from '../cmdb/item-search';

const items = createRoute({
  getParentRoute: () => signedIn,
  path: '/cmdb',
  validateSearch: itemSearchOf,
  component: lazyRouteComponent(() => import('../pages/cmdb/items'), 'Items'),
});

const newItem = createRoute({
  getParentRoute: () => signedIn,
  path: '/cmdb/new',
  component: lazyRouteComponent(() => import('../pages/cmdb/new-item'), 'NewItem'),
});

const item = createRoute({
  getParentRoute: () => signedIn,
  path: '/cmdb/$id',
  validateSearch: mapSearchOf,
  component: lazyRouteComponent(() => import('../pages/cmdb/one/one'), 'OneItem'),
});

export const cmdbRoutes = [items, newItem, item] as const;
