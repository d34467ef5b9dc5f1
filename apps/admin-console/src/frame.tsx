import { Shell, sayNotSignedOut } from '@atlas/web';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Outlet, useNavigate, useRouter } from '@tanstack/react-router';
import { Fragment, useEffect } from 'react';
import { api } from './api';
import { me, session } from './session';

const LINKS = [
  { to: '/', label: 'Overview' },
  { to: '/tenants', label: 'Tenants' },
  { to: '/sign-ups', label: 'Sign-ups' },
  { to: '/jobs', label: 'Jobs' },
  { to: '/fleet', label: 'Fleet' },
  { to: '/drifts', label: 'Differences' },
  { to: '/plans', label: 'Plans' },
  { to: '/ai', label: 'AI' },
  { to: '/events', label: 'Events' },
  { to: '/audit', label: 'Audit' },
  { to: '/operators', label: 'Operators' },
  { to: '/api-keys', label: 'API keys' },
  { to: '/sealing-keys', label: 'Sealing keys' },
  { to: '/account', label: 'My account' },
] as const;

const SIGN_IN = '/sign-in';

/** What surrounds every page of a signed-in operator. */
export function Frame() {
  const { data: operator } = useQuery(me);
  const navigate = useNavigate();
  const signOut = useMutation({
    mutationFn: () => api.POST('/api/auth/logout'),
    onSuccess: async () => {
      session.end();
      await navigate({ to: '/sign-in' });
    },
    onError: sayNotSignedOut,
  });
  if (operator === null) return <SignInAgain />;
  return (
    <Shell
      brand="Atlas Console"
      links={LINKS}
      who={operator?.email ?? ''}
      onSignOut={() => signOut.mutate()}
      keys={[]}
    >
      {/* Another operator must not see a page as it was shown to the one before. */}
      <Fragment key={operator?.id}>
        <Outlet />
      </Fragment>
    </Shell>
  );
}

/** Leads to the sign-in page, and back here afterwards. */
function SignInAgain() {
  const router = useRouter();
  const navigate = useNavigate();
  useEffect(() => {
    const { pathname, href } = router.state.location;
    if (pathname !== SIGN_IN) void navigate({ to: SIGN_IN, search: pathname === '/' ? {} : { to: href } });
  }, [router, navigate]);
  return null;
}
