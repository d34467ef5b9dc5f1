import { Anchor, Button, Stack, Text } from '@mantine/core';
import { slugProblem } from '@atlas/tenancy/slug';
import { ProblemAlert, bodyOf, problemOf } from '@atlas/web';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Signup, api } from './api';
import { SlugField } from './ask-for-tenant';
import { View } from './view';

/** Refusals after which the link is of no use. */
const FINAL: readonly string[] = [
  'signup_link_unknown',
  'signup_expired',
  'already_signed_up',
  'signup_closed',
];

interface ConfirmAddressProps {
  readonly token: string;
  readonly onConfirmed: (signup: Signup) => void;
}

/** Nothing happens before the button is pressed, because programs that check emails open links, too. */
export function ConfirmAddress({ token, onConfirmed }: ConfirmAddressProps) {
  const [slug, setSlug] = useState('');
  const confirm = useMutation({
    mutationFn: () =>
      bodyOf(api.POST('/api/signup/verify', { body: { token, ...(slug !== '' && { slug }) } })),
    onSuccess: onConfirmed,
  });
  const { code, detail } = problemOf(confirm.error);
  if (confirm.error && FINAL.includes(code)) return <Refused code={code} detail={detail} />;
  const isTaken = confirm.error !== null && code === 'slug_taken';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (slug === '' || slugProblem(slug) === null) confirm.mutate();
  };
  return (
    <View title="Confirm your address">
      <Text>Your tenant is created as soon as you confirm that the address is yours.</Text>
      <Stack component="form" onSubmit={submit}>
        {!isTaken && <ProblemAlert error={confirm.error} />}
        {code === 'no_capacity' && (
          <Text size="sm">
            All places are taken for the moment. Your link stays valid: try again in a minute.
          </Text>
        )}
        {(isTaken || slug !== '') && (
          <SlugField
            suggestion=""
            required
            slug={slug}
            problem={isTaken ? 'This short name is taken. Choose another one.' : undefined}
            onChange={(next) => {
              setSlug(next);
              confirm.reset();
            }}
          />
        )}
        <Button type="submit" loading={confirm.isPending}>
          Create my tenant
        </Button>
      </Stack>
    </View>
  );
}

function Refused({ code, detail }: { readonly code: string; readonly detail: string }) {
  const isOver = code !== 'already_signed_up' && code !== 'signup_closed';
  const address = /https?:\/\/[^\s]*[^\s.]/.exec(detail)?.[0];
  return (
    <View title="This link does not work">
      <Text>{detail}</Text>
      {address !== undefined && <Anchor href={address}>Open your tenant</Anchor>}
      {isOver && <Anchor href="/signup">Sign up again</Anchor>}
    </View>
  );
}
