import { Shell, type ShellLink, sayNotSignedOut } from '@atlas/web';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Navigate, Outlet, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api } from './api';
import { Banner } from './banner';
import { useProgress } from './onboarding/use-checklist';
import { PAGE_KEYS } from './page-keys';
import { plane } from './plane';
import { type Role, isAtLeast } from './roles';
import { useWaitingCount } from './runs/use-runs';
import { SessionEnded } from './session-ended';
import { SessionUser, type User, me, session } from './session';

interface NavigationLink extends ShellLink {
  readonly from: Role;
}

const START = '/onboarding';
const APPROVALS = '/approvals';
const LINKS: readonly NavigationLink[] = [
  { to: '/', label: 'Incidents', from: 'fulfiller' },
  { to: START, label: 'Get started', from: 'fulfiller' },
  { to: '/alerts', label: 'Alerts', from: 'fulfiller' },
  { to: '/cmdb', label: 'Configuration items', from: 'fulfiller' },
  { to: '/slos', label: 'SLOs', from: 'fulfiller' },
  { to: '/runbooks', label: 'Runbooks', from: 'fulfiller' },
  { to: '/runs', label: 'Runs', from: 'fulfiller' },
  { to: APPROVALS, label: 'Approvals', from: 'operator' },
  { to: '/data-sources', label: 'Data sources', from: 'operator', under: 'Settings' },
  { to: '/silences', label: 'Silences', from: 'operator', under: 'Settings' },
  { to: '/agents', label: 'Agents', from: 'operator', under: 'Settings' },
  { to: '/users', label: 'Users', from: 'operator', under: 'Settings' },
  { to: '/settings/sign-in', label: 'Single sign-on', from: 'admin', under: 'Settings' },
  { to: '/settings/sla', label: 'Response times', from: 'fulfiller', under: 'Settings' },
  { to: '/settings/automation', label: 'Automation', from: 'fulfiller', under: 'Settings' },
  { to: '/settings/ai', label: 'AI', from: 'fulfiller', under: 'Settings' },
  { to: '/deployment', label: 'Deployment', from: 'operator', under: 'Settings' },
  { to: '/plan', label: 'Plan and usage', from: 'fulfiller', under: 'Settings' },
  { to: '/outages', label: 'Outages', from: 'fulfiller', under: 'Settings' },
  { to: '/residency', label: 'What leaves', from: 'admin', under: 'Settings' },
  { to: '/audit', label: 'Audit', from: 'admin', under: 'Settings' },
  { to: '/account', label: 'Account', from: 'requester', under: 'Settings' },
];
const PORTAL_LINKS: readonly NavigationLink[] = [
  { to: '/', label: 'My reports', from: 'requester' },
  { to: '/incidents/new', label: 'Report a problem', from: 'requester' },
  { to: '/account', label: 'Account', from: 'requester' },
];

/** The links that a role has, with what waits behind them. */
function useLinks(role: Role): readonly NavigationLink[] {
  const waiting = useWaitingCount(isAtLeast(role, 'operator'));
  const progress = useProgress(isAtLeast(role, 'fulfiller'));
  if (role === 'requester') return PORTAL_LINKS;
  const isLeft = progress !== undefined && progress.completed < progress.total;
  return LINKS.filter(({ from, to }) => isAtLeast(role, from) && (to !== START || isLeft)).map((link) => {
    if (link.to === APPROVALS) return { ...link, badge: waiting };
    return link.to === START && isLeft ? { ...link, badge: `${progress.completed}/${progress.total}` } : link;
  });
}

/** Ends the session here and in the other tabs. */
export function useSignOut(): () => void {
  const navigate = useNavigate();
  const { mutate } = useMutation({
    mutationFn: () => api.POST('/api/auth/logout'),
    onSuccess: async () => {
      session.end();
      await navigate({ to: '/sign-in' });
    },
    onError: sayNotSignedOut,
  });
  return mutate;
}

/** What surrounds every page of a signed-in user. */
export function Frame() {
  const { data } = useQuery(me);
  const [user, setUser] = useState(data?.user ?? null);
  // The last user stays known when the session ends, so that the page stays.
  if (data && data.user !== user) setUser(data.user);
  useFreshPageFor(user?.id);
  if (!user) return <Navigate to="/sign-in" />;
  return (
    <SessionUser value={user} key={user.id}>
      <SignedIn user={user} />
      {data === null && <SessionEnded user={user} />}
    </SessionUser>
  );
}

function SignedIn({ user }: { readonly user: User }) {
  const signOut = useSignOut();
  const tenant = useQuery(plane).data?.tenant;
  return (
    <Shell
      brand={tenant ? `Atlas · ${tenant.name}` : 'Atlas'}
      links={useLinks(user.role)}
      who={user.name || user.email}
      onSignOut={signOut}
      banner={<Banner />}
      keys={user.role === 'requester' ? undefined : PAGE_KEYS}
    >
      <Outlet />
    </Shell>
  );
}

/** Another user begins at the first page. */
function useFreshPageFor(id: string | undefined): void {
  const before = useRef(id);
  const navigate = useNavigate();
  useEffect(() => {
    if (before.current === id) return;
    before.current = id;
    void navigate({ to: '/' });
  }, [id, navigate]);
}
