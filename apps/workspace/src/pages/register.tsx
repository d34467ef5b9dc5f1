import { Alert, Button, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { ProblemAlert, ProblemError, type TenantPlaneSchemas } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { quietApi } from '../api';
import { plane } from '../plane';
import { me, session } from '../session';

type Registration = TenantPlaneSchemas['schemas']['RegisterDto'];

const SHORTEST_PASSWORD = 12;
const LONGEST_PASSWORD = 200;
const LONGEST_NAME = 100;

/** The first admin of a tenant without users, where the plane allows it. */
export function Register() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [name, setName] = useState('');
  const queries = useQueryClient();
  const register = useMutation({
    mutationFn: (body: Registration) => quietApi.POST('/api/auth/register', { body }),
    onSuccess: async () => {
      await queries.fetchQuery({ ...me, staleTime: 0 });
      session.tellTabs();
    },
    // Somebody else may have registered, so there may be a password to sign in with.
    onError: () => queries.invalidateQueries({ queryKey: plane.queryKey }),
  });
  const wrong = register.error instanceof ProblemError ? register.error.byField : {};
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    register.mutate({ email, password, cookie: true, ...(name.trim() && { name: name.trim() }) });
  };
  return (
    <Paper withBorder p="md" component="form" onSubmit={submit}>
      <Stack>
        <Alert color="blue">
          Nobody uses this workspace yet. Whoever registers now becomes its first admin, and invites the
          others.
        </Alert>
        <TextInput
          label="Email"
          type="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={wrong['email']}
        />
        <PasswordInput
          label="New password"
          description="12 to 200 characters of any kind, but not a common password."
          autoComplete="new-password"
          required
          minLength={SHORTEST_PASSWORD}
          maxLength={LONGEST_PASSWORD}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={wrong['password']}
        />
        <TextInput
          label="Your name"
          autoComplete="name"
          maxLength={LONGEST_NAME}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={wrong['name']}
        />
        {Object.keys(wrong).length === 0 && <ProblemAlert error={register.error} />}
        <Button type="submit" loading={register.isPending}>
          Register and sign in
        </Button>
        <Text size="xs" c="dimmed">
          Do you have a welcome link from Atlas? Open it instead.
        </Text>
      </Stack>
    </Paper>
  );
}
