import { DEPLOYMENT_MODELS } from '@atlas/deployment-profiles';
import { SIGNUP_STATUSES } from '@atlas/operator-api/signup-statuses';
import { oneOf, textOf } from '@atlas/web';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { queries } from './api';
import { Frame } from './frame';
import { NoSuchConsolePage } from './pages/no-such-page';
import { SIGN_ON_CODES, SignIn } from './pages/sign-in';
import { HEALTHS, JOB_VIEWS, TENANT_STATUSES, localPath, searchOf } from './parts/search';
import { me } from './session';

const root = createRootRoute();

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: ({ to, problem }: Record<string, unknown>) =>
    searchOf({ to: localPath(to), problem: oneOf(SIGN_ON_CODES, problem) }),
  component: SignIn,
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: Frame,
  beforeLoad: async ({ location }) => {
    if ((await queries.ensureQueryData(me)) === null)
      throw redirect({ to: '/sign-in', search: location.pathname === '/' ? {} : { to: location.href } });
  },
});

const tenants = createRoute({
  getParentRoute: () => signedIn,
  path: '/tenants',
  validateSearch: ({ q, status, deployment_model: model }: Record<string, unknown>) =>
    searchOf({
      q: textOf(q),
      status: oneOf(TENANT_STATUSES, status),
      deployment_model: oneOf(DEPLOYMENT_MODELS, model),
    }),
  component: lazyRouteComponent(() => import('./pages/tenants/tenants'), 'Tenants'),
});

const newTenant = createRoute({
  getParentRoute: () => signedIn,
  path: '/tenants/new',
  component: lazyRouteComponent(() => import('./pages/tenants/provision'), 'Provision'),
});

const tenant = createRoute({
  getParentRoute: () => signedIn,
  path: '/tenants/$id',
  component: lazyRouteComponent(() => import('./pages/tenants/tenant'), 'TenantPage'),
});

const signUps = createRoute({
  getParentRoute: () => signedIn,
  path: '/sign-ups',
  validateSearch: ({ status }: Record<string, unknown>) =>
    searchOf({ status: oneOf(SIGNUP_STATUSES, status) }),
  component: lazyRouteComponent(() => import('./pages/tenants/sign-ups'), 'SignUps'),
});

const jobs = createRoute({
  getParentRoute: () => signedIn,
  path: '/jobs',
  validateSearch: ({ view, tenant_id, tenant_plane_id, parent_id }: Record<string, unknown>) =>
    searchOf({
      view: oneOf(JOB_VIEWS, view),
      tenant_id: textOf(tenant_id),
      tenant_plane_id: textOf(tenant_plane_id),
      parent_id: textOf(parent_id),
    }),
  component: lazyRouteComponent(() => import('./pages/jobs/jobs'), 'Jobs'),
});

const job = createRoute({
  getParentRoute: () => signedIn,
  path: '/jobs/$id',
  component: lazyRouteComponent(() => import('./pages/jobs/job'), 'JobPage'),
});

const fleet = createRoute({
  getParentRoute: () => signedIn,
  path: '/fleet',
  validateSearch: ({ name, health, deployment_model: model, behind, retired }: Record<string, unknown>) =>
    searchOf({
      name: textOf(name),
      health: oneOf(HEALTHS, health),
      deployment_model: oneOf(DEPLOYMENT_MODELS, model),
      behind: behind === true ? true : undefined,
      retired: retired === true ? true : undefined,
    }),
  component: lazyRouteComponent(() => import('./pages/fleet/fleet'), 'Fleet'),
});

const registerCell = createRoute({
  getParentRoute: () => signedIn,
  path: '/fleet/register',
  component: lazyRouteComponent(() => import('./pages/fleet/register-cell'), 'RegisterCell'),
});

const upgradeMany = createRoute({
  getParentRoute: () => signedIn,
  path: '/fleet/upgrade',
  component: lazyRouteComponent(() => import('./pages/fleet/upgrade-many'), 'UpgradeMany'),
});

const plane = createRoute({
  getParentRoute: () => signedIn,
  path: '/fleet/$id',
  component: lazyRouteComponent(() => import('./pages/fleet/plane'), 'PlanePage'),
});

const overview = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview'), 'Overview'),
});

const drifts = createRoute({
  getParentRoute: () => signedIn,
  path: '/drifts',
  validateSearch: ({ resolved }: Record<string, unknown>) =>
    searchOf({ resolved: resolved === true ? true : undefined }),
  component: lazyRouteComponent(() => import('./pages/drifts'), 'Drifts'),
});

const plans = createRoute({
  getParentRoute: () => signedIn,
  path: '/plans',
  component: lazyRouteComponent(() => import('./pages/plans'), 'Plans'),
});

const ai = createRoute({
  getParentRoute: () => signedIn,
  path: '/ai',
  component: lazyRouteComponent(() => import('./pages/ai/providers'), 'AiProviders'),
});

const events = createRoute({
  getParentRoute: () => signedIn,
  path: '/events',
  component: lazyRouteComponent(() => import('./pages/events/events'), 'Events'),
});

const operators = createRoute({
  getParentRoute: () => signedIn,
  path: '/operators',
  component: lazyRouteComponent(() => import('./pages/access/operators'), 'Operators'),
});

const apiKeys = createRoute({
  getParentRoute: () => signedIn,
  path: '/api-keys',
  component: lazyRouteComponent(() => import('./pages/access/api-keys'), 'ApiKeys'),
});

const audit = createRoute({
  getParentRoute: () => signedIn,
  path: '/audit',
  validateSearch: ({ action }: Record<string, unknown>) => searchOf({ action: textOf(action) }),
  component: lazyRouteComponent(() => import('./pages/access/audit'), 'Audit'),
});

const sealingKeys = createRoute({
  getParentRoute: () => signedIn,
  path: '/sealing-keys',
  component: lazyRouteComponent(() => import('./pages/access/sealing-keys'), 'SealingKeys'),
});

const account = createRoute({
  getParentRoute: () => signedIn,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/access/account'), 'Account'),
});

export const router = createRouter({
  basepath: '/console',
  routeTree: root.addChildren([
    signIn,
    signedIn.addChildren([
      overview,
      drifts,
      plans,
      ai,
      events,
      operators,
      apiKeys,
      audit,
      sealingKeys,
      account,
      tenants,
      newTenant,
      tenant,
      signUps,
      jobs,
      job,
      fleet,
      registerCell,
      upgradeMany,
      plane,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultNotFoundComponent: NoSuchConsolePage,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
