import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';

const deployment = createRoute({
  getParentRoute: () => signedIn,
  path: '/deployment',
  validateSearch: (search: Record<string, unknown>): { readonly import?: string } => ({
    import: typeof search['import'] === 'string' ? search['import'] : undefined,
  }),
  component: lazyRouteComponent(() => import('../pages/deployment/deployment'), 'Deployment'),
});

export const deploymentRoutes = [deployment] as const;
