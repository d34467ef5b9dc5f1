import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedIn } from '../layout';

const onboarding = createRoute({
  getParentRoute: () => signedIn,
  path: '/onboarding',
  component: lazyRouteComponent(() => import('../pages/onboarding/onboarding'), 'Onboarding'),
});

export const onboardingRoutes = [onboarding] as const;
