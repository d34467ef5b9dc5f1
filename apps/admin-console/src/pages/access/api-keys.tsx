import {
  Anchor,
  Button,
  Code,
  Group,
  MultiSelect,
  SegmentedControl,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core';
import {
  type ControlPlaneSchemas,
  Confirm,
  CopyBlock,
  FormProblem,
  KeyOnce,
  Page,
  ProblemError,
  StateBadge,
  When,
  bodyOf,
  onceKey,
} from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { READ_ONLY, useIsOwner, useMayChange } from '../../parts/access';
import { Dialog } from '../../parts/dialog';
import { me } from '../../session';

type ApiKey = ControlPlaneSchemas['schemas']['ApiKeyView'];
type Scope = ControlPlaneSchemas['schemas']['Scope'];
const KEY = 'api-keys';
const DAY = 86_400;
const LIFETIMES = [
  { value: '3600', label: '1 hour' },
  { value: `${7 * DAY}`, label: '7 days' },
  { value: `${90 * DAY}`, label: '90 days' },
  { value: `${365 * DAY}`, label: '1 year' },
];
const OF_OWNERS: readonly Scope[] = [
  'operators:write',
  'ai_providers:write',
  'secrets:read',
  'secrets:write',
];
const SCOPES: readonly Scope[] = [
  'tenants:read',
  'tenants:provision',
  'tenants:write',
  'jobs:read',
  'jobs:write',
  'tokens:read',
  'tokens:issue',
  'planes:read',
  'planes:write',
  'routing:read',
  'audit:read',
  'operators:read',
  'api_keys:read',
  'api_keys:write',
  'events:manage',
  ...OF_OWNERS,
];

/** The scopes of a key may fill many lines. They must not squeeze the other columns. */
const COLUMNS: readonly (readonly [name: string, width: number | undefined])[] = [
  ['Name', 140],
  ['Scopes', undefined],
  ['State', 100],
  ['Expires', 120],
  ['Last used', 130],
  ['', undefined],
];

export function ApiKeys() {
  const { data: self } = useQuery(me);
  const mayChange = useMayChange();
  const [whose, setWhose] = useState<'mine' | 'all'>('mine');
  const [isCreating, setCreating] = useState(false);
  const mine = whose === 'mine' && self ? { operator_id: self.id } : {};
  const { data, error, isPending } = useQuery({
    queryKey: [KEY, mine],
    queryFn: () => bodyOf(api.GET('/api/api-keys', { params: { query: { limit: 200, ...mine } } })),
  });
  return (
    <Page
      title="API keys"
      about={mayChange ? 'Programs need a key. People sign in.' : READ_ONLY}
      actions={mayChange && <Button onClick={() => setCreating(true)}>Create a key</Button>}
      error={error}
      isLoading={isPending}
    >
      <Stack>
        <Text size="sm" component="div">
          A program sends its key with every call: <Code>{EXAMPLE}</Code>. The API is described at{' '}
          <Anchor size="sm" href="/docs">
            /docs
          </Anchor>
          .
        </Text>
        <SegmentedControl
          aria-label="Whose keys"
          value={whose}
          onChange={(value) => setWhose(value === 'all' ? 'all' : 'mine')}
          data={[
            { value: 'mine', label: 'Mine' },
            { value: 'all', label: 'All' },
          ]}
          style={{ alignSelf: 'flex-start' }}
        />
        {data?.items.length === 0 ? (
          <Text c="dimmed">No key yet. Create one for a program that calls the API.</Text>
        ) : (
          <Table.ScrollContainer minWidth={700}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  {COLUMNS.map(([name, width]) => (
                    <Table.Th key={name} miw={width}>
                      {name}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data?.items.map((key) => (
                  <KeyRow key={key.id} apiKey={key} isMine={key.operator_id === self?.id} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Stack>
      {isCreating && <CreateDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

function stateOf({ revoked_at: revoked, expires_at: expires }: ApiKey): string {
  if (revoked !== null) return 'revoked';
  return Date.parse(expires) <= Date.now() ? 'expired' : 'active';
}

function KeyRow({ apiKey, isMine }: { readonly apiKey: ApiKey; readonly isMine: boolean }) {
  const isOwner = useIsOwner();
  const mayChange = useMayChange();
  const [isAsked, setAsked] = useState(false);
  const state = stateOf(apiKey);
  return (
    <Table.Tr>
      <Table.Td>{apiKey.name}</Table.Td>
      <Table.Td>
        <Text size="xs">{apiKey.scopes.join(', ')}</Text>
      </Table.Td>
      <Table.Td>
        <StateBadge state={state} />
      </Table.Td>
      <Table.Td>
        <When at={apiKey.expires_at} />
      </Table.Td>
      <Table.Td>
        <When at={apiKey.last_used_at} />
      </Table.Td>
      <Table.Td>
        {state === 'active' && (isOwner || (isMine && mayChange)) && (
          <Button variant="default" size="compact-xs" onClick={() => setAsked(true)}>
            Revoke
          </Button>
        )}
        {isAsked && <RevokeDialog apiKey={apiKey} onClose={() => setAsked(false)} />}
      </Table.Td>
    </Table.Tr>
  );
}

function RevokeDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => api.DELETE('/api/api-keys/{id}', { params: { path: { id: apiKey.id } } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: [KEY] });
      onClose();
    },
  });
  return (
    <Confirm
      title={`Revoke ${apiKey.name}?`}
      verb="Revoke"
      error={revoke.error}
      isPending={revoke.isPending}
      onConfirm={revoke.mutate}
      onClose={onClose}
    >
      <Text size="sm">Programs that use it are refused at once. Keys and links made with it end, too.</Text>
    </Confirm>
  );
}

function CreateDialog({ onClose }: { readonly onClose: () => void }) {
  const isOwner = useIsOwner();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(SCOPES.filter((scope) => READS.test(scope)));
  const [lifetime, setLifetime] = useState(`${90 * DAY}`);
  const client = useQueryClient();
  const create = useMutation({
    // A change of the form is a new intention, and a failed call may have made a key.
    mutationFn: (once: ReturnType<typeof onceKey>) =>
      bodyOf(
        api.POST('/api/api-keys', {
          headers: once,
          body: { name, scopes: [...scopes], ttl_seconds: Number(lifetime) },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: [KEY] }),
  });
  const [once, setOnce] = useState(onceKey);
  const renew = (): void => setOnce(onceKey());
  const byField = create.error instanceof ProblemError ? create.error.byField : {};
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate(once);
  };
  if (create.data !== undefined)
    return (
      <Dialog title="The new key" onClose={onClose} size="lg" isHeld>
        <Stack>
          <KeyOnce value={create.data.key} ifLost="Revoke it and create another." />
          {create.data.key !== null && (
            <>
              <Text size="sm">Send it with every call, as in this example:</Text>
              <CopyBlock name="the example" text={EXAMPLE} />
            </>
          )}
          <Group justify="flex-end">
            <Button onClick={onClose}>I have saved the key</Button>
          </Group>
        </Stack>
      </Dialog>
    );
  return (
    <Dialog title="Create a key" onClose={onClose} size="lg">
      <Stack component="form" onSubmit={submit}>
        <TextInput
          label="Name"
          description="What it is for."
          required
          value={name}
          error={byField.name}
          onChange={(event) => {
            setName(event.currentTarget.value);
            renew();
          }}
        />
        <MultiSelect
          label="Scopes"
          description="What it may do. Give it only what its program needs."
          required
          data={SCOPES.filter((scope) => isOwner || !OF_OWNERS.includes(scope))}
          value={[...scopes]}
          error={byField.scopes}
          onChange={(values) => {
            setScopes(SCOPES.filter((scope) => values.includes(scope)));
            renew();
          }}
        />
        <Select
          label="Valid for"
          data={LIFETIMES}
          allowDeselect={false}
          value={lifetime}
          error={byField.ttl_seconds}
          onChange={(value) => {
            setLifetime(value ?? lifetime);
            renew();
          }}
        />
        <FormProblem error={create.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" loading={create.isPending} disabled={scopes.length === 0}>
            Create
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

/** A call that any key may make. The key itself would stay in the shell's history. */
const EXAMPLE = `curl -H "Authorization: Bearer $API_KEY" ${location.origin}/api/auth/me`;

/** Scopes that only read, and no secrets. */
const READS = /^(tenants|jobs|planes):read$/;
