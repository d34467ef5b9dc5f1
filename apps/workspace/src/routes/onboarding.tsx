import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { queries } from '../api';
import { signedIn } from '../layout';
import { checklist, isComplete } from '../onboarding/use-checklist';
import { isAtLeast } from '../roles';
import { me } from '../session';

const onboarding = createRoute({
  getParentRoute: () => signedIn,
  path: '/onboarding',
  component: lazyRouteComponent(() => import('../pages/onboarding/onboarding'), 'Onboarding'),
});

/** Where whoever has just joined arrives: at what is left to do, if they may see it. */
const welcome = createRoute({
  getParentRoute: () => signedIn,
  path: '/welcome',
  beforeLoad: async () => {
    throw redirect({ to: (await isSomethingLeft()) ? '/onboarding' : '/', replace: true });
  },
});

async function isSomethingLeft(): Promise<boolean> {
  const session = await queries.ensureQueryData(me);
  if (session === null || !isAtLeast(session.user.role, 'fulfiller')) return false;
  return queries.ensureQueryData(checklist).then(
    (found) => !isComplete(found),
    () => false,
  );
}

export const onboardingRoutes = [onboarding, welcome] as const;
