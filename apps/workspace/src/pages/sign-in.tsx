import { Alert, Anchor, Button, Container, Divider, Paper, Stack, Text, Title } from '@mantine/core';
import { SignInForm } from '@atlas/web';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { quietApi } from '../api';
import { plane } from '../plane';
import { me, session } from '../session';
import { keepWanted } from '../wanted';
import { Register } from './register';

/** What can go wrong with single sign-on, by code. */
const SIGN_ON_PROBLEMS = {
  sign_on_unknown_account: 'No user here matches that account. Ask an admin to invite your email address.',
  sign_on_refused: 'The identity provider did not sign you in. Try again.',
  sign_on_not_begun: 'The sign-in took too long or began in another browser. Try again.',
  identity_provider_unavailable: 'The identity provider does not answer. Try again, or use your password.',
  sign_on_not_configured: 'Single sign-on is not set up here.',
} as const;
export type SignOnCode = keyof typeof SIGN_ON_PROBLEMS;
export const SIGN_ON_CODES = Object.keys(SIGN_ON_PROBLEMS) as SignOnCode[];

export function SignIn() {
  const { to, problem } = useSearch({ from: '/sign-in' });
  const { data: about } = useQuery(plane);
  const { data: user } = useQuery(me);
  const navigate = useNavigate();
  // Whoever registers is the first user.
  const first = about?.sign_in.registration === true ? '/welcome' : '/';
  useEffect(() => {
    // Also after a sign-in in another tab.
    if (user) void navigate({ href: to ?? first, replace: true });
  }, [user, to, first, navigate]);
  const tenant = about?.tenant;
  const title = tenant ? `Sign in to ${tenant.name}` : 'Sign in';
  useEffect(() => {
    document.title = `${title} · Atlas`;
  }, [title]);
  if (about && !tenant) return <NotConnected />;
  const signOnProblem = problem === undefined ? undefined : SIGN_ON_PROBLEMS[problem];
  return (
    <Container size={400} py={80} component="main">
      <Title order={1} size="h3" mb="md">
        {title}
      </Title>
      <Stack>
        {location.hash === '#moved' && (
          <Alert color="blue" role="status">
            This workspace has moved to this address. Sign in again. Everything is as before.
          </Alert>
        )}
        {signOnProblem !== undefined && (
          <Alert color="red" role="alert">
            {signOnProblem}
          </Alert>
        )}
        {about?.sign_in.registration === true ? <Register /> : <PasswordSignIn />}
        {about?.sign_in.single_sign_on === true && (
          <>
            <Divider label="or" />
            {/* The plane leads to the identity provider. */}
            <Button
              component="a"
              variant="default"
              href="/api/auth/oidc/start"
              onClick={() => keepWanted(to)}
            >
              Sign in with single sign-on
            </Button>
          </>
        )}
        {about?.sign_in.registration === false && <Forgotten hasMail={about.sign_in.mail} />}
        {about && (
          <Text size="xs" c="dimmed">
            {about.deployment.profile}
          </Text>
        )}
      </Stack>
    </Container>
  );
}

function Forgotten({ hasMail }: { readonly hasMail: boolean }) {
  if (!hasMail)
    return (
      <Text size="sm" c="dimmed">
        Forgotten your password? This deployment sends no email, so ask an admin.
      </Text>
    );
  return (
    <div>
      {/* The plane serves this page, not the app. */}
      <Anchor size="sm" href="/reset-password">
        Forgotten your password?
      </Anchor>
    </div>
  );
}

function PasswordSignIn() {
  const queries = useQueryClient();
  return (
    <Paper withBorder p="md">
      <SignInForm
        send={(body) => quietApi.POST('/api/auth/token', { body })}
        onSignedIn={async () => {
          keepWanted(undefined);
          await queries.fetchQuery({ ...me, staleTime: 0 });
          session.tellTabs();
        }}
      />
    </Paper>
  );
}

function NotConnected() {
  return (
    <Container size={560} py={80} component="main">
      <Title order={1} size="h3" mb="md">
        No workspace is connected to this deployment
      </Title>
      <Stack>
        <Text>
          If you used a workspace here, it has moved or was removed. Get its current address from whoever runs
          Atlas for you.
        </Text>
        <Text>
          If you are installing this deployment, <Anchor href="/help">the help</Anchor> says what comes next.
        </Text>
      </Stack>
    </Container>
  );
}
