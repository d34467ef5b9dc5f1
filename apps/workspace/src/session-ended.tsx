import { SignInProblem } from '@atlas/web';
import { Anchor, Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useRef, useState } from 'react';
import { quietApi } from './api';
import { plane } from './plane';
import { type User, me, session } from './session';
import { keepWanted } from './wanted';

/** Above the dialogs of the page. */
const Z_INDEX = 400;

/** Signs in again over the page, so that nothing is lost. */
export function SessionEnded({ user }: { readonly user: User }) {
  const [password, setPassword] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { data: about } = useQuery(plane);
  const signIn = useMutation({
    mutationFn: () =>
      quietApi.POST('/api/auth/token', { body: { email: user.email, password, cookie: true } }),
    onSuccess: async () => {
      await queries.fetchQuery({ ...me, staleTime: 0 });
      session.tellTabs();
      await queries.invalidateQueries();
    },
    onError: () => {
      setPassword('');
      field.current?.focus();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <Modal
      opened
      onClose={() => undefined}
      title="You are signed out"
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      zIndex={Z_INDEX}
    >
      <Stack component="form" onSubmit={submit}>
        <Text size="sm">Sign in to continue. What you have typed is kept.</Text>
        <TextInput label="Email" type="email" autoComplete="username" readOnly value={user.email} />
        <PasswordInput
          ref={field}
          label="Password"
          autoComplete="current-password"
          required
          data-autofocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <SignInProblem error={signIn.error} />
        <Button type="submit" loading={signIn.isPending}>
          Sign in
        </Button>
        <Text size="xs" c="dimmed">
          These leave the page:
        </Text>
        <Group gap="md">
          {about?.sign_in.single_sign_on === true && (
            <Anchor
              size="sm"
              href="/api/auth/oidc/start"
              onClick={() => keepWanted(location.pathname + location.search)}
            >
              Use single sign-on
            </Anchor>
          )}
          <Anchor
            size="sm"
            component="button"
            type="button"
            onClick={() => void navigate({ to: '/sign-in' })}
          >
            Sign in as somebody else
          </Anchor>
        </Group>
      </Stack>
    </Modal>
  );
}
