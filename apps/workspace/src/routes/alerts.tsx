import { textOf } from '@atlas/web';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';
import { alertSearchOf } from '../alerts/alert';

const alerts = createRoute({
  getParentRoute: () => signedIn,
  path: '/alerts',
  validateSearch: alertSearchOf,
  component: lazyRouteComponent(() => import('../pages/alerts/alerts'), 'Alerts'),
});

const alert = createRoute({
  getParentRoute: () => signedIn,
  path: '/alerts/$id',
  component: lazyRouteComponent(() => import('../pages/alerts/one-alert'), 'OneAlert'),
});

interface SilenceSearch {
  /** The alert that the new silence is for. */
  readonly like?: string;
}

const silences = createRoute({
  getParentRoute: () => signedIn,
  path: '/silences',
  validateSearch: ({ like }: Record<string, unknown>): SilenceSearch => ({ like: textOf(like) }),
  component: lazyRouteComponent(() => import('../pages/alerts/silences'), 'Silences'),
});

export const alertRoutes = [alerts, alert, silences] as const;
