import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { codeOf } from '../api/problem';
import { SignInProblem } from './sign-in-problem';

interface SignInFormProps {
  /** `cookie`: the session goes into a cookie, which no script can read. */
  readonly send: (body: {
    readonly email: string;
    readonly password: string;
    readonly cookie: true;
  }) => Promise<unknown>;
  readonly onSignedIn: () => Promise<void>;
}

/** Asks for an email address and a password. */
export function SignInForm({ send, onSignedIn }: SignInFormProps) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const signIn = useMutation({
    mutationFn: () => send({ email, password, cookie: true }),
    onSuccess: onSignedIn,
    onError: (error) => {
      if (codeOf(error) !== 'invalid_credentials') return;
      setPassword('');
      field.current?.focus();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <SignInProblem error={signIn.error} />
      <TextInput
        label="Email"
        type="email"
        autoComplete="username"
        required
        autoFocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <PasswordInput
        ref={field}
        label="Password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      />
      <Button type="submit" loading={signIn.isPending}>
        Sign in
      </Button>
    </Stack>
  );
}
