import {
  Alert,
  Button,
  Checkbox,
  Group,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import {
  ChangedMeanwhile,
  Confirm,
  ProblemAlert,
  type Versioned,
  useCarefulSave,
  versionedOf,
  wrongOf,
} from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { api } from '../api';
import {
  GRANTABLE,
  LONGEST_CLIENT_ID,
  LONGEST_ISSUER,
  MOST_DOMAINS,
  NEW_PROVIDER,
  PROVIDER_FIELDS,
  type Provider,
  type ProviderAnswer,
  endsSessions,
} from './provider';

interface ProviderFormProps {
  readonly first: Versioned<ProviderAnswer>;
  readonly onSaved: (saved: Versioned<ProviderAnswer>) => void;
  readonly onKeepTheirs: () => void;
}

export function ProviderForm({ first, onSaved, onKeepTheirs }: ProviderFormProps) {
  const [form, setForm] = useState(first.stored.provider ?? NEW_PROVIDER);
  const [isAsking, setAsking] = useState(false);
  const [base, setBase] = useState(first.stored);
  const saving = useCarefulSave({
    first,
    save: ({ provider: body }: Entered, header) =>
      versionedOf(api.PUT('/api/identity-provider', { params: { header }, body })),
    onSaved: (stored, etag) => {
      setBase(stored);
      onSaved({ stored, etag });
    },
  });
  const { theirs } = saving;
  const wrong = wrongOf(saving.error);
  const fieldError = FIELDS.some((field) => wrong(field) !== undefined);
  const change = (part: Partial<Provider>): void => {
    setForm({ ...form, ...part });
    if (saving.isSaved || saving.isError) saving.reset();
  };
  const save = (): void => saving.mutate({ provider: form });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (endsSessions((theirs ?? base).provider, form)) setAsking(true);
    else save();
  };
  return (
    <Stack component="form" gap="sm" onSubmit={submit}>
      <TextInput
        label="Issuer"
        description="The address of the provider, exactly as the provider states it."
        placeholder="https://login.example.com"
        required
        autoComplete="off"
        spellCheck={false}
        maxLength={LONGEST_ISSUER}
        value={form.issuer}
        onChange={(event) => change({ issuer: event.currentTarget.value.trim() })}
        error={wrong('issuer')}
      />
      <TextInput
        label="Client ID"
        required
        autoComplete="off"
        spellCheck={false}
        maxLength={LONGEST_CLIENT_ID}
        value={form.client_id}
        onChange={(event) => change({ client_id: event.currentTarget.value.trim() })}
        error={wrong('client_id')}
      />
      <Switch
        label="Single sign-on is on"
        checked={form.enabled}
        onChange={(event) => change({ enabled: event.currentTarget.checked })}
      />
      <Checkbox
        label="Create users when they sign in for the first time"
        description="Otherwise only people who are already users can sign in."
        checked={form.create_users}
        onChange={(event) => change({ create_users: event.currentTarget.checked })}
      />
      {form.create_users && <NewUsers form={form} onChange={change} wrong={wrong} />}
      {theirs !== null && (
        <ChangedMeanwhile
          name="The provider"
          fields={PROVIDER_FIELDS}
          theirs={theirs.provider ?? NEW_PROVIDER}
          yours={form}
          onKeepTheirs={onKeepTheirs}
        />
      )}
      {!fieldError && <ProblemAlert error={saving.error} />}
      {saving.isSaved && (
        <Alert color="green" role="status">
          Saved.
        </Alert>
      )}
      <Group>
        <Button type="submit" loading={saving.isPending}>
          {theirs ? 'Save mine' : 'Save'}
        </Button>
      </Group>
      {isAsking && (
        <SignOutQuestion
          isOff={!form.enabled}
          onCancel={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            save();
          }}
        />
      )}
    </Stack>
  );
}

const FIELDS = ['issuer', 'client_id', 'default_role', 'email_domains'] as const;

interface Entered {
  readonly provider: Provider;
}

interface NewUsersProps {
  readonly form: Provider;
  readonly onChange: (part: Partial<Provider>) => void;
  readonly wrong: (field: string) => string | undefined;
}

function NewUsers({ form, onChange, wrong }: NewUsersProps) {
  return (
    <Stack gap="sm" pl="xl">
      <TagsInput
        label="Email domains of new users"
        description="Press Enter after each. Only people with such an address become users."
        placeholder={form.email_domains.length === 0 ? 'example.com' : undefined}
        required
        acceptValueOnBlur
        maxTags={MOST_DOMAINS}
        splitChars={[',', ' ', ';']}
        value={[...form.email_domains]}
        onChange={(domains) =>
          onChange({ email_domains: [...new Set(domains.map((domain) => domain.toLowerCase().trim()))] })
        }
        error={wrong('email_domains')}
      />
      <Select
        label="Role of new users"
        w={220}
        data={GRANTABLE}
        allowDeselect={false}
        value={form.default_role}
        onChange={(value) => {
          const role = GRANTABLE.find((one) => one === value);
          if (role) onChange({ default_role: role });
        }}
        error={wrong('default_role')}
      />
    </Stack>
  );
}

interface SignOutQuestionProps {
  readonly isOff: boolean;
  readonly onCancel: () => void;
  readonly onConfirm: () => void;
}

function SignOutQuestion({ isOff, onCancel, onConfirm }: SignOutQuestionProps) {
  const verb = isOff ? 'Switch single sign-on off' : 'Change the provider';
  return (
    <Confirm title={`${verb}?`} verb={verb} isPending={false} onConfirm={onConfirm} onClose={onCancel}>
      <Text size="sm">Everybody who signed in with it is signed out, except you.</Text>
    </Confirm>
  );
}
