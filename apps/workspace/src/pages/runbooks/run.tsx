import {
  Alert,
  Button,
  Grid,
  Group,
  Loader,
  PasswordInput,
  Select,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Page, ProblemAlert, ProblemError, bodyOf, isMissing, sendByKey } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { PageLink } from '../../links';
import { useOnce } from '../../once';
import { usePeople } from '../../people';
import { IncidentField } from '../../runbooks/incident-field';
import { NeedsModule } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';
import { Plan } from '../../runbooks/plan';
import { type Parameter, type Runbook, isRisky } from '../../runbooks/runbook';
import { useRunbook } from '../../runbooks/use-runbooks';
import { useUser } from '../../session';
import { NoSuchRunbook, WITHIN } from './no-such';

const TYPING_MS = 500;
const LONGEST_VALUE = 4000;

type Values = Readonly<Record<string, string>>;

/** Runs a runbook, after showing what it would do. */
export function RunRunbook() {
  const { id } = useParams({ from: '/signed-in/runbooks/$id/run' });
  return (
    <NeedsRole role="operator" title="Run a runbook">
      <NeedsModule module="runbooks" title="Run a runbook">
        <Form key={id} id={id} />
      </NeedsModule>
    </NeedsRole>
  );
}

function Form({ id }: { readonly id: string }) {
  const { from } = useSearch({ from: '/signed-in/runbooks/$id/run' });
  const { data, error } = useRunbook(id);
  const earlier = useQuery({
    queryKey: ['runs', 'one', from],
    queryFn: () => bodyOf(api.GET('/api/automation/jobs/{id}', { params: { path: { id: from ?? '' } } })),
    enabled: from !== undefined,
  });
  if (isMissing(error)) return <NoSuchRunbook />;
  const within = [...WITHIN, { to: `/runbooks/${id}`, label: data?.name ?? 'Runbook' }];
  const isReady = data !== undefined && (from === undefined || !earlier.isPending);
  return (
    <Page
      title={data ? `Run ${data.name}` : 'Run a runbook'}
      within={within}
      error={error}
      isLoading={!isReady && !error}
    >
      {isReady &&
        (data.archived_at === null ? (
          <Filled runbook={data} initial={earlier.data?.parameters ?? {}} />
        ) : (
          <Text>This runbook was archived, so it can no longer be run.</Text>
        ))}
    </Page>
  );
}

interface FilledProps {
  readonly runbook: Runbook;
  readonly initial: Values;
}

function Filled({ runbook, initial }: FilledProps) {
  const { id, parameters } = runbook;
  const { incident_id: incident } = useSearch({ from: '/signed-in/runbooks/$id/run' });
  const navigate = useNavigate({ from: '/runbooks/$id/run' });
  const known = parameters.map(({ name }) => name);
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(Object.entries(initial).filter(([name]) => known.includes(name))),
  );
  const given = givenOf(values);
  const plan = usePlan(runbook, given, incident);
  const start = useStart(id);
  const wrong = wrongOf(start.error ?? plan.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    start.mutate({ parameters: given, ...(incident !== undefined && { incident_id: incident }) });
  };
  return (
    <Grid gap="xl">
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack component="form" onSubmit={submit} onKeyDown={sendByKey}>
          {parameters.length === 0 && <Text size="sm">This runbook asks for no values.</Text>}
          {parameters.map((parameter) => (
            <ValueField
              key={parameter.name}
              parameter={parameter}
              value={values[parameter.name] ?? ''}
              onChange={(value) => {
                start.reset();
                setValues((old) => ({ ...old, [parameter.name]: value }));
              }}
              error={wrong[parameter.name]}
            />
          ))}
          <IncidentField
            value={incident}
            onChange={(chosen) => {
              start.reset();
              void navigate({ search: (old) => ({ ...old, incident_id: chosen }), replace: true });
            }}
          />
          <ProblemAlert error={start.error} />
          <Group>
            <Button type="submit" loading={start.isPending}>
              Run now
            </Button>
          </Group>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Title order={2} size="h5" mb="xs">
          What will happen
        </Title>
        <Planned plan={plan} />
      </Grid.Col>
    </Grid>
  );
}

/** What the API is given: values that are empty are left out. */
function givenOf(values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}

/** A dry run after each change. */
function usePlan({ id, version, parameters }: Runbook, given: Values, incident: string | undefined) {
  const [settled] = useDebouncedValue(JSON.stringify(given), TYPING_MS);
  const sent = JSON.parse(settled) as Record<string, string>;
  const missing = parameters.filter(({ name, required }) => required && sent[name] === undefined);
  const query = useQuery({
    queryKey: ['runbooks', 'plan', id, version, settled, incident],
    queryFn: async () => {
      const plan = await bodyOf(
        api.POST('/api/runbooks/{id}/runs', {
          params: { path: { id } },
          body: { parameters: sent, dry_run: true, ...(incident !== undefined && { incident_id: incident }) },
        }),
      );
      return 'id' in plan ? null : plan;
    },
    enabled: missing.length === 0,
    retry: false,
    // Secret values must not stay in memory.
    gcTime: 0,
  });
  return { ...query, missing: missing.map(({ name }) => name) };
}

type PlanQuery = ReturnType<typeof usePlan>;

function Planned({ plan: { data, error, missing } }: { readonly plan: PlanQuery }) {
  if (missing.length > 0)
    return (
      <Text size="sm" c="dimmed">
        Enter {missing.join(', ')} to see it.
      </Text>
    );
  if (error) {
    const isField = Object.keys(wrongOf(error)).length > 0;
    return isField ? (
      <Text size="sm" c="dimmed">
        Change the values that are marked to see it.
      </Text>
    ) : (
      <ProblemAlert error={error} />
    );
  }
  if (!data) return <Loader size="sm" aria-label="Loading" />;
  const risky = data.steps.filter((step) => step.needs_approval && isRisky(step.risk));
  return (
    <Stack gap="sm">
      <Plan steps={data.steps} />
      {risky.length > 0 && <Approvers />}
    </Stack>
  );
}

/** Nobody approves risky steps of their own runs. */
function Approvers() {
  const { id: self, role } = useUser();
  const others = usePeople().filter(
    ({ id, role: theirs, active }) => theirs === 'admin' && active && id !== self,
  ).length;
  if (others === 0 && role === 'admin')
    return (
      <Alert color="orange" title="You cannot approve this yourself">
        Somebody else must approve a step of high or critical risk, and there is no other admin.{' '}
        <PageLink to="/users" size="sm">
          Invite one
        </PageLink>
      </Alert>
    );
  return (
    <Alert color="blue">
      Another admin must approve the steps of high and critical risk
      {others > 0 && `: ${others} can`}.
    </Alert>
  );
}

function useStart(id: string) {
  const once = useOnce();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (body: { readonly parameters: Record<string, string>; readonly incident_id?: string }) =>
      bodyOf(
        api.POST('/api/runbooks/{id}/runs', { params: { path: { id } }, body, headers: once.headers() }),
      ),
    onSuccess: async (run) => {
      void queries.invalidateQueries({ queryKey: ['runs'] });
      if ('id' in run) await navigate({ to: '/runs/$id', params: { id: run.id } });
    },
    onError: once.done,
  });
}

/** `invalid_parameters` lists all faults in a sentence: `Nothing was started: "host" is required; …` */
function wrongOf(error: unknown): Values {
  if (!(error instanceof ProblemError) || error.problem.code !== 'invalid_parameters') return {};
  const faults = error.problem.detail.replace(/^[^:]*: /, '').matchAll(/"(\w+)" (.*?)(?=; "|\.?$)/g);
  return Object.fromEntries([...faults].map(([, name = '', fault = '']) => [name, `It ${fault}.`]));
}

interface ValueFieldProps {
  readonly parameter: Parameter;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string;
}

function ValueField({ parameter, value, onChange, error }: ValueFieldProps) {
  const { name, required, enum: allowed, pattern, secret } = parameter;
  const field = { label: name, required, error, maxLength: LONGEST_VALUE };
  const shape = pattern === null ? undefined : `Must match ${pattern}`;
  if (allowed && !secret)
    return (
      <Select
        label={name}
        required={required}
        error={error}
        data={[...allowed]}
        searchable={allowed.length > 10}
        clearable={!required}
        value={value === '' ? null : value}
        onChange={(chosen) => onChange(chosen ?? '')}
      />
    );
  if (secret)
    return (
      <PasswordInput
        {...field}
        description={shape ? `Never shown again. ${shape}` : 'Never shown again.'}
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  return (
    <TextInput
      {...field}
      description={shape}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
