import { textOf } from '@atlas/web';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';

type Search = Readonly<Record<string, unknown>>;

const list = createRoute({
  getParentRoute: () => signedIn,
  path: '/runbooks',
  validateSearch: ({ archived }: Search): { archived?: true } => ({
    archived: archived === true ? archived : undefined,
  }),
  component: lazyRouteComponent(() => import('../pages/runbooks/list'), 'Runbooks'),
});

const one = createRoute({
  getParentRoute: () => signedIn,
  path: '/runbooks/$id',
  validateSearch: ({ version }: Search): { version?: number } => ({
    version: Number.isInteger(version) && Number(version) > 0 ? Number(version) : undefined,
  }),
  component: lazyRouteComponent(() => import('../pages/runbooks/one'), 'OneRunbook'),
});

interface NewSearch {
  /** The runbook that is copied. */
  readonly copy?: string;
  /** The incident for which an AI has drafted it. */
  readonly drafted_for?: string;
}

const add = createRoute({
  getParentRoute: () => signedIn,
  path: '/runbooks/new',
  validateSearch: ({ copy, drafted_for: incident }: Search): NewSearch => ({
    copy: textOf(copy),
    drafted_for: textOf(incident),
  }),
  component: lazyRouteComponent(() => import('../pages/runbooks/edit'), 'NewRunbook'),
});

const edit = createRoute({
  getParentRoute: () => signedIn,
  path: '/runbooks/$id/edit',
  component: lazyRouteComponent(() => import('../pages/runbooks/edit'), 'EditRunbook'),
});

interface RunSearch {
  readonly incident_id?: string;
  /** The run whose values are filled in. */
  readonly from?: string;
}

const run = createRoute({
  getParentRoute: () => signedIn,
  path: '/runbooks/$id/run',
  validateSearch: ({ incident_id: incident, from }: Search): RunSearch => ({
    incident_id: textOf(incident),
    from: textOf(from),
  }),
  component: lazyRouteComponent(() => import('../pages/runbooks/run'), 'RunRunbook'),
});

export const runbookRoutes = [list, one, add, edit, run] as const;
