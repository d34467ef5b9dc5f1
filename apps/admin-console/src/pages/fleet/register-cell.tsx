import { Alert, Box, Button, Group, NumberInput, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { Page, ProblemError, bodyOf, onceKey } from '@atlas/web';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { InstallBundle } from '../../operations/install-bundle';
import { Refusal } from '../../operations/operation-drawer';
import { DAY_SECONDS, TOKEN_LIFETIMES } from '../../operations/tokens';
import { READ_ONLY, useMayChange } from '../../parts/access';
import { ButtonLink } from '../../parts/links';
import { fleet } from '../../parts/planes';
import { type Bundle, type Plane } from '../../parts/types';

const WITHIN = [{ to: '/fleet', label: 'Fleet' }];
const POLL_MS = 3000;
const DEFAULT_CAPACITY = 500;

interface Registered {
  readonly plane: Plane;
  readonly bundle: Bundle | null;
}

export function RegisterCell() {
  const mayChange = useMayChange();
  const [registered, setRegistered] = useState<Registered | null>(null);
  return (
    <Page
      title="Register a cell"
      within={WITHIN}
      about={
        mayChange
          ? 'A cell is a tenant plane that many tenants share. You start it with an install bundle.'
          : READ_ONLY
      }
    >
      <Box maw={760}>
        {!mayChange ? null : registered === null ? (
          <RegisterForm onRegistered={setRegistered} />
        ) : (
          <Stack>
            {registered.bundle !== null && (
              <InstallBundle
                bundle={registered.bundle}
                onSaved={() => setRegistered({ ...registered, bundle: null })}
              />
            )}
            <Waiting plane={registered.plane} />
          </Stack>
        )}
      </Box>
    </Page>
  );
}

function RegisterForm({ onRegistered }: { readonly onRegistered: (registered: Registered) => void }) {
  const [fields, setFields] = useState({
    name: '',
    region: '',
    capacity: DEFAULT_CAPACITY,
    secret: 'own' as Plane['secret'],
    lifetime: DAY_SECONDS,
  });
  const [once, setOnce] = useState(onceKey);
  const change = (part: Partial<typeof fields>): void => {
    setFields({ ...fields, ...part });
    setOnce(onceKey());
  };
  const register = useMutation({
    mutationFn: () =>
      bodyOf(
        api.POST('/api/tenant-planes', {
          headers: once,
          body: {
            name: fields.name,
            region: fields.region,
            capacity: fields.capacity,
            secret: fields.secret,
            token_ttl_seconds: Number(fields.lifetime),
          },
        }),
      ),
    onSuccess: ({ tenant_plane: plane, install: bundle }) => onRegistered({ plane, bundle }),
  });
  const { byField, problem } = register.error instanceof ProblemError ? register.error : NO_PROBLEM;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    register.mutate();
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <TextInput
        label="Name"
        placeholder="eu-1"
        required
        value={fields.name}
        error={problem?.code === 'name_taken' ? problem.detail : byField.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <TextInput
        label="Region"
        placeholder="eu"
        required
        value={fields.region}
        error={byField.region}
        onChange={(event) => change({ region: event.currentTarget.value })}
      />
      <NumberInput
        label="Capacity"
        description="The most tenants that it may have."
        required
        min={1}
        value={fields.capacity}
        error={byField.capacity}
        onChange={(value) => change({ capacity: Number(value) })}
      />
      <Radio.Group
        label="Secret"
        value={fields.secret}
        onChange={(value) => change({ secret: value === 'platform' ? 'platform' : 'own' })}
      >
        <Stack gap="xs" mt="xs">
          <Radio
            value="own"
            label="Its own"
            description="Recommended. It is in the install bundle, and can be rotated here."
          />
          <Radio
            value="platform"
            label="The platform’s"
            description="INTERNAL_SERVICE_SECRET, with the same value in both planes. It is not rotated here."
          />
        </Stack>
      </Radio.Group>
      <Select
        label="Install token valid for"
        data={TOKEN_LIFETIMES}
        allowDeselect={false}
        value={fields.lifetime}
        error={byField.token_ttl_seconds}
        onChange={(value) => change({ lifetime: value ?? DAY_SECONDS })}
      />
      <Refusal error={register.error} isByField />
      <Group justify="flex-end">
        <Button type="submit" loading={register.isPending}>
          Register the cell
        </Button>
      </Group>
    </Stack>
  );
}

const NO_PROBLEM = { byField: {} as Readonly<Record<string, string>>, problem: null };

/** No job enrols a cell, so the page asks until it has enrolled. */
function Waiting({ plane }: { readonly plane: Plane }) {
  const { data = [] } = useQuery({ ...fleet, staleTime: 0, refetchInterval: POLL_MS });
  const present = data.find(({ id }) => id === plane.id) ?? plane;
  const isReady = present.status === 'enrolled' && present.health === 'online';
  return (
    <Alert
      color={isReady ? 'green' : 'blue'}
      title={isReady ? 'The cell is online' : 'Waiting for the cell to enrol'}
    >
      <Text size="sm" mb="sm" aria-live="polite">
        {isReady
          ? `${plane.name} has enrolled (version ${present.version ?? 'unknown'}). It is ready for tenants.`
          : 'Start it with the install bundle. You may leave this page: the fleet shows the same.'}
      </Text>
      <ButtonLink variant="default" size="xs" to="/fleet/$id" params={{ id: plane.id }}>
        Open the cell
      </ButtonLink>
    </Alert>
  );
}
