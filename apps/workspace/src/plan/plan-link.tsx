import { useContext } from 'react';
import { PageLink } from '../links';
import { isAtLeast } from '../roles';
import { SessionUser } from '../session';

/** Leads whoever may see it to the plan. */
export function PlanLink() {
  const user = useContext(SessionUser);
  if (!user || !isAtLeast(user.role, 'fulfiller')) return null;
  return (
    <PageLink to="/plan" size="sm">
      See the plan and usage
    </PageLink>
  );
}
