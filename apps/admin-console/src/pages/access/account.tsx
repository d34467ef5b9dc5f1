import { Button, Paper, PasswordInput, Stack, Table, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { FormProblem, Page, ProblemAlert, ProblemError, When, bodyOf, wordsOf } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { me } from '../../session';

const KEY = ['sessions'];

export function Account() {
  const { data: self } = useQuery(me);
  return (
    <Page title="My account" about={self ? `${self.email}, ${self.role}` : undefined}>
      <Stack gap="lg">
        <Sessions />
        <Password email={self?.email ?? ''} />
      </Stack>
    </Page>
  );
}

function Sessions() {
  const client = useQueryClient();
  const { data, error } = useQuery({ queryKey: KEY, queryFn: () => bodyOf(api.GET('/api/auth/sessions')) });
  const end = useMutation({
    mutationFn: (id: string) => api.DELETE('/api/auth/sessions/{id}', { params: { path: { id } } }),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <section>
      <Title order={2} size="h5" mb="xs">
        Where you are signed in
      </Title>
      <ProblemAlert error={error ?? end.error} />
      <Table.ScrollContainer minWidth={600}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {['Signed in with', 'Address', 'Began', 'Last used', 'Ends', ''].map((name) => (
                <Table.Th key={name}>{name}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data?.items.map((session) => (
              <Table.Tr key={session.id}>
                <Table.Td>{wordsOf(session.method)}</Table.Td>
                <Table.Td>{session.ip ?? '–'}</Table.Td>
                <Table.Td>
                  <When at={session.created_at} />
                </Table.Td>
                <Table.Td>
                  <When at={session.last_used_at} />
                </Table.Td>
                <Table.Td>
                  <When at={session.expires_at} />
                </Table.Td>
                <Table.Td>
                  {session.is_current ? (
                    'This device'
                  ) : (
                    <Button
                      variant="default"
                      size="compact-xs"
                      loading={end.isPending && end.variables === session.id}
                      onClick={() => end.mutate(session.id)}
                    >
                      End
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}

function Password({ email }: { readonly email: string }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () =>
      api.POST('/api/auth/password', { body: { current_password: current, new_password: next } }),
    onSuccess: async () => {
      setCurrent('');
      setNext('');
      notifications.show({ message: 'Changed. Your other sessions have ended.' });
      await client.invalidateQueries({ queryKey: KEY });
    },
  });
  const { error } = change;
  const isWrong = error instanceof ProblemError && error.problem.code === 'wrong_password';
  const byField = error instanceof ProblemError ? error.byField : {};
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Paper component="section" withBorder p="md" maw={480}>
      <Title order={2} size="h5" mb="xs">
        Password
      </Title>
      <Stack component="form" onSubmit={submit}>
        {/* Tells password managers whose password this is. */}
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          required
          value={current}
          error={isWrong ? 'This is not your password.' : byField.current_password}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          description="At least 12 characters."
          autoComplete="new-password"
          required
          minLength={12}
          maxLength={200}
          value={next}
          error={byField.new_password}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        {!isWrong && <FormProblem error={error} />}
        <Text size="sm">Your other sessions end.</Text>
        <Button type="submit" loading={change.isPending}>
          Change the password
        </Button>
      </Stack>
    </Paper>
  );
}
