import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';

const sla = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/sla',
  component: lazyRouteComponent(() => import('../pages/settings/response-times'), 'ResponseTimes'),
});

const ai = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/ai',
  component: lazyRouteComponent(() => import('../pages/settings/ai'), 'Ai'),
});

export const settingsRoutes = [sla, ai] as const;
