import { createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { agentRoutes } from './routes/agents';
import { alertRoutes } from './routes/alerts';
import { cmdbRoutes } from './routes/cmdb';
import { dataSourceRoutes } from './routes/data-sources';
import { root, signedIn } from './layout';
import { onboardingRoutes } from './routes/onboarding';
import { runbookRoutes } from './routes/runbooks';
import { runRoutes } from './routes/runs';
import { sloRoutes } from './routes/slos';
import { auditRoutes } from './routes/audit';
import { deploymentRoutes } from './routes/deployment';
import { settingsRoutes } from './routes/settings';
import { planRoutes } from './routes/plan';
import { userRoutes } from './routes/users';
import { takeWanted } from './wanted';
import { queueSearchOf } from './incidents/queue-search';
import { CannotShow, NoSuchWorkspacePage } from './pages/root';
import { SIGN_ON_CODES, SignIn, type SignOnCode } from './pages/sign-in';

interface SignInSearch {
  /** The page that was wanted. */
  readonly to?: string;
  /** The code of what went wrong with single sign-on. */
  readonly problem?: SignOnCode;
}

function isLocal(address: string): boolean {
  return /^\/(?![/\\])/.test(address);
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: ({ to, problem }: Record<string, unknown>): SignInSearch => ({
    to: typeof to === 'string' && isLocal(to) ? to : undefined,
    problem: SIGN_ON_CODES.find((code) => code === problem),
  }),
  component: SignIn,
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  validateSearch: queueSearchOf,
  beforeLoad: () => {
    // Single sign-on always ends here.
    const wanted = takeWanted();
    if (wanted !== null && isLocal(wanted)) throw redirect({ href: wanted });
  },
  component: lazyRouteComponent(() => import('./pages/home'), 'Home'),
});

const newIncident = createRoute({
  getParentRoute: () => signedIn,
  path: '/incidents/new',
  component: lazyRouteComponent(() => import('./pages/incidents/new-incident'), 'NewIncident'),
});

const incident = createRoute({
  getParentRoute: () => signedIn,
  path: '/incidents/$id',
  validateSearch: ({ reported }: Record<string, unknown>): { reported?: true } => ({
    reported: reported === true ? reported : undefined,
  }),
  component: lazyRouteComponent(() => import('./pages/incidents/one/one'), 'OneIncident'),
});

const account = createRoute({
  getParentRoute: () => signedIn,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account'), 'Account'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    signedIn.addChildren([
      home,
      newIncident,
      incident,
      account,
      ...agentRoutes,
      ...alertRoutes,
      ...cmdbRoutes,
      ...dataSourceRoutes,
      ...onboardingRoutes,
      ...runbookRoutes,
      ...runRoutes,
      ...sloRoutes,
      ...auditRoutes,
      ...deploymentRoutes,
      ...planRoutes,
      ...settingsRoutes,
      ...userRoutes,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: CannotShow,
  defaultNotFoundComponent: NoSuchWorkspacePage,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
