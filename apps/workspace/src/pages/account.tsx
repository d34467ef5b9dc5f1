import {
  Alert,
  Anchor,
  Button,
  Group,
  PasswordInput,
  SegmentedControl,
  Stack,
  Table,
  Text,
  Title,
  useMantineColorScheme,
} from '@mantine/core';
import { Page, ProblemAlert, ProblemError, Section } from '@atlas/web';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { quietApi } from '../api';
import { useSignOut } from '../frame';
import { useUser } from '../session';
import { DUTIES } from '../users/user';

const SHORTEST_PASSWORD = 12;
const LONGEST_PASSWORD = 200;

/** Who is signed in, and how. */
export function Account() {
  const { name, email, role } = useUser();
  const signOut = useSignOut();
  const facts = [
    ['Name', name || '–'],
    ['Email', email],
    ['Role', `${role}: ${DUTIES[role]}`],
  ] as const;
  return (
    <Page title="Account">
      <Stack maw={480} gap="xl">
        <section>
          <Table variant="vertical" mb="xs">
            <Table.Tbody>
              {facts.map(([label, value]) => (
                <Table.Tr key={label}>
                  <Table.Th scope="row" w={100}>
                    {label}
                  </Table.Th>
                  <Table.Td>{value}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <Text size="sm" c="dimmed">
            An admin can change your role.
          </Text>
        </section>
        <PasswordForm email={email} />
        <Colours />
        <Section title="Session">
          <Text size="sm" mb="xs">
            You are signed in for up to 12 hours.
          </Text>
          <Group>
            <Button variant="default" onClick={signOut}>
              Sign out
            </Button>
            {/* The plane serves this page, not the app. */}
            <Anchor href="/help">Help</Anchor>
          </Group>
        </Section>
      </Stack>
    </Page>
  );
}

function PasswordForm({ email }: { readonly email: string }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useMutation({
    mutationFn: () =>
      quietApi.POST('/api/auth/password', { body: { current_password: current, new_password: next } }),
    onSuccess: () => {
      setCurrent('');
      setNext('');
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  const { current: wrongCurrent, next: wrongNext, rest } = wrongOf(change.error);
  return (
    <Stack component="form" gap="sm" onSubmit={submit}>
      <Title order={2} size="h5">
        Change the password
      </Title>
      {/* Tells password managers whose password this is. */}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        required
        maxLength={LONGEST_PASSWORD}
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
        error={wrongCurrent}
      />
      <PasswordInput
        label="New password"
        description="12 to 200 characters of any kind, but not a common password."
        autoComplete="new-password"
        required
        minLength={SHORTEST_PASSWORD}
        maxLength={LONGEST_PASSWORD}
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
        error={wrongNext}
      />
      <ProblemAlert error={rest} />
      {change.isSuccess && (
        <Alert color="green" role="status">
          The password is changed. Your other sessions were signed out.
        </Alert>
      )}
      <Group>
        <Button type="submit" loading={change.isPending}>
          Change the password
        </Button>
      </Group>
    </Stack>
  );
}

interface Wrong {
  readonly current?: string;
  readonly next?: string;
  /** What belongs to no field. */
  readonly rest?: unknown;
}

function wrongOf(error: unknown): Wrong {
  if (!(error instanceof ProblemError)) return { rest: error };
  const { code, detail } = error.problem;
  switch (code) {
    case 'wrong_password':
      return { current: detail };
    case 'password_unchanged':
      return { next: detail };
    case 'validation_failed':
      return { current: error.byField['current_password'], next: error.byField['new_password'] };
    case 'unauthenticated':
      // Only users with a password can change it.
      return { current: 'You sign in with single sign-on, so you have no password here.' };
    default:
      return { rest: error };
  }
}

function Colours() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Section title="Colours">
      <SegmentedControl
        aria-label="Colours"
        value={colorScheme}
        onChange={setColorScheme}
        data={[
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
          { value: 'auto', label: 'As the system' },
        ]}
      />
    </Section>
  );
}
