import { Anchor, Button, Loader, Stack, Text, TextInput } from '@mantine/core';
import { slugFromName, slugProblem } from '@atlas/tenancy/slug';
import { ProblemAlert, ProblemError, bodyOf } from '@atlas/web';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Signup, api } from './api';
import { View } from './view';

export type OnAsked = (signup: Signup, email: string) => void;

/** Asks for the address, unless sign-up is closed. */
export function AskForTenant({ onAsked }: { readonly onAsked: OnAsked }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['sign-in-options'],
    queryFn: () => bodyOf(api.GET('/api/sign-in-options')),
  });
  if (data && data.sign_up !== 'open') return <Closed isMailOff={data.sign_up === 'mail_off'} />;
  return (
    <View title="Get your Atlas tenant">
      {data && <Form onAsked={onAsked} />}
      {!data && !error && <Loader size="sm" aria-label="Loading" />}
      {error && (
        <>
          <ProblemAlert error={error} />
          <Button variant="default" onClick={() => void refetch()}>
            Try again
          </Button>
        </>
      )}
    </View>
  );
}

function Closed({ isMailOff }: { readonly isMailOff: boolean }) {
  return (
    <View title="Sign-up is closed">
      <Text>
        {isMailOff
          ? 'You cannot sign up here, because this Atlas sends no email and so cannot check addresses.'
          : 'You cannot sign up here at the moment.'}{' '}
        Ask the people who run this Atlas for a tenant.
      </Text>
      <Text size="sm">
        Do you already have a tenant? Open its own address and sign in there. Operators sign in at the{' '}
        <Anchor href="/console">console</Anchor>.
      </Text>
    </View>
  );
}

function Form({ onAsked }: { readonly onAsked: OnAsked }) {
  const [email, setEmail] = useState('');
  const [organisation, setOrganisation] = useState('');
  const [slug, setSlug] = useState('');
  const ask = useMutation({
    mutationFn: () => askFor({ email, organisation, slug }),
    onSuccess: (signup) => onAsked(signup, email),
  });
  const wrong = ask.error instanceof ProblemError ? ask.error.byField : {};
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (slug === '' || slugProblem(slug) === null) ask.mutate();
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <Text size="sm">
        We send you a link to confirm your address. Then your tenant is created, which takes a few seconds.
      </Text>
      {Object.keys(wrong).length === 0 && <ProblemAlert error={ask.error} />}
      <TextInput
        label="Work email"
        description="You become the tenant’s first admin."
        type="email"
        autoComplete="email"
        required
        value={email}
        error={wrong['email']}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <TextInput
        label="Organisation"
        description="If you leave this empty, it is taken from your email address."
        autoComplete="organization"
        maxLength={100}
        value={organisation}
        error={wrong['organisation']}
        onChange={(event) => setOrganisation(event.currentTarget.value)}
      />
      <SlugField
        suggestion={slugFromName(organisation)}
        slug={slug}
        problem={wrong['slug']}
        onChange={setSlug}
      />
      <Button type="submit" loading={ask.isPending}>
        Send me the link
      </Button>
    </Stack>
  );
}

interface SlugFieldProps {
  /** Used if nothing is typed. */
  readonly suggestion: string;
  readonly slug: string;
  readonly problem: string | undefined;
  readonly required?: boolean;
  readonly onChange: (slug: string) => void;
}

export function SlugField({ suggestion, slug, problem, required = false, onChange }: SlugFieldProps) {
  const rule = slug === '' ? null : slugProblem(slug);
  const proposed = suggestion !== '' && slugProblem(suggestion) === null ? suggestion : '';
  const free = required ? '' : ' If you leave this empty, we choose one.';
  return (
    <TextInput
      label="Short name"
      required={required}
      description={
        proposed === '' || slug !== ''
          ? `Your tenant’s web address begins with it.${free}`
          : `Your tenant’s web address begins with it: “${proposed}”, unless you type another.`
      }
      placeholder={proposed}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      value={slug}
      error={rule === null ? problem : sentence(rule)}
      onChange={(event) => onChange(event.currentTarget.value.toLowerCase())}
    />
  );
}

function sentence(rule: string): string {
  return `${rule.charAt(0).toUpperCase()}${rule.slice(1)}.`;
}

interface Asked {
  readonly email: string;
  readonly organisation?: string;
  readonly slug?: string;
}

export function askFor({ email, organisation = '', slug = '' }: Asked): Promise<Signup> {
  const name = organisation.trim();
  const body = { email, ...(name !== '' && { organisation: name }), ...(slug !== '' && { slug }) };
  return bodyOf(api.POST('/api/signup', { body }));
}
