import { Alert, Anchor, Button, Container, Divider, Paper, Stack, Text, Title } from '@mantine/core';
import { SignInForm, bodyOf } from '@atlas/web';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { api } from '../api';
import { me, session } from '../session';

/** Why single sign-on failed, by the code that the Control Plane sends along. */
const SIGN_ON_PROBLEMS = {
  sign_on_not_configured: 'Single sign-on is not set up here. Use your email address and password.',
  sign_on_not_begun:
    'That sign-in took too long, or began in another browser. Start single sign-on again from here.',
  sign_on_refused:
    'Your identity provider did not sign you in. Try again, or use your password. If it does not help, ' +
    'ask the people who run the provider.',
  sign_on_unknown_account:
    'No operator has your identity. Ask an owner to add you with the email address that your ' +
    'identity provider has verified.',
  identity_provider_unavailable:
    'Your identity provider cannot be reached at the moment. Use your password, or try again in a minute.',
} as const;
export const SIGN_ON_CODES = Object.keys(SIGN_ON_PROBLEMS) as (keyof typeof SIGN_ON_PROBLEMS)[];

export function SignIn() {
  const { to, problem } = useSearch({ from: '/sign-in' });
  const { data: operator } = useQuery(me);
  const { data: options } = useQuery({
    queryKey: ['sign-in-options'],
    queryFn: () => bodyOf(api.GET('/api/sign-in-options')),
    staleTime: Infinity,
  });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const isIn = Boolean(operator);
  useEffect(() => {
    document.title = 'Sign in · Atlas';
    if (isIn) void navigate({ href: to ?? '/', replace: true });
  }, [isIn, navigate, to]);
  return (
    <Container size={400} py={{ base: 'lg', sm: 80 }} component="main">
      <Text fw={700} mb="lg">
        Atlas Console
      </Text>
      <Paper withBorder p="md">
        <Stack>
          <Title order={1} size="h3">
            Sign in
          </Title>
          {to !== undefined && problem === undefined && (
            <Text size="sm">Sign in to continue. Your session may have ended.</Text>
          )}
          {problem !== undefined && (
            <Alert color="red" title="Single sign-on did not work" role="alert">
              {SIGN_ON_PROBLEMS[problem]}
            </Alert>
          )}
          <SignInForm
            send={(body) => api.POST('/api/auth/login', { body })}
            // The page then leaves by itself, because the operator is known.
            onSignedIn={async () => {
              await queries.fetchQuery({ ...me, staleTime: 0 });
              session.tellTabs();
            }}
          />
          {options?.single_sign_on === true && (
            <>
              <Divider label="or" />
              <Button component="a" href="/api/auth/oidc/start" variant="default">
                Sign in with single sign-on
              </Button>
            </>
          )}
        </Stack>
      </Paper>
      <Text size="sm" c="dimmed" mt="md">
        Forgotten your password? Ask an owner for a reset link.
      </Text>
      <Text size="sm" c="dimmed" mt="xs">
        This is for the people who run Atlas. If you use a tenant, sign in at the tenant’s own address.
        {options?.sign_up === 'open' && (
          <>
            {' '}
            If you want one, <Anchor href="/signup">sign up</Anchor>.
          </>
        )}
      </Text>
    </Container>
  );
}
