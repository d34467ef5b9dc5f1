import { Button, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { Page, When, bodyOf, wordsOf } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { api } from '../api';
import { READ_ONLY, useMayChange } from '../parts/access';
import { JobLink, PlaneLink, TenantLink, shortId } from '../parts/links';
import { type Drift, type Look, type ReconcilePass } from '../parts/types';

const LIMIT = 200;

export function Drifts() {
  const { resolved = false } = useSearch({ from: '/signed-in/drifts' });
  const navigate = useNavigate({ from: '/drifts' });
  const mayChange = useMayChange();
  const client = useQueryClient();
  const { data, error, isPending } = useQuery({
    queryKey: ['drifts', resolved],
    queryFn: () => bodyOf(api.GET('/api/drifts', { params: { query: { resolved, limit: LIMIT } } })),
    refetchInterval: 30_000,
  });
  const pass = usePass();
  const check = useMutation({
    mutationFn: () => bodyOf(api.POST('/api/reconcile')),
    onSuccess: (answer) => {
      if ('id' in answer) client.setQueryData(PASS, { pass: answer });
      return client.invalidateQueries({ queryKey: ['drifts'] });
    },
  });
  const isRunning = pass?.status === 'running';
  const isShown = isRunning || (pass != null && check.data !== undefined && 'id' in check.data);
  const outcome = isShown ? pass : check.data;
  return (
    <Page
      title="Differences"
      about={
        mayChange
          ? 'Where planes and databases differ from what is recorded here. A check compares everything, ' +
            'and repairs only what loses no data.'
          : READ_ONLY
      }
      actions={
        mayChange && (
          <Button variant="default" loading={check.isPending || isRunning} onClick={() => check.mutate()}>
            Check now
          </Button>
        )
      }
      error={error ?? check.error}
      isLoading={isPending}
    >
      <Stack>
        {isRunning && <PassProgress pass={pass} />}
        {!isRunning && outcome && <Outcome look={outcome} />}
        <SegmentedControl
          aria-label="Which differences"
          value={resolved ? 'resolved' : 'open'}
          onChange={(value) => void navigate({ search: value === 'resolved' ? { resolved: true } : {} })}
          data={[
            { value: 'open', label: 'Open' },
            { value: 'resolved', label: 'Resolved' },
          ]}
          style={{ alignSelf: 'flex-start' }}
        />
        {data?.items.length === 0 ? (
          <Text c="dimmed">
            {resolved
              ? 'No difference has been resolved yet.'
              : 'No differences. The records match what exists.'}
          </Text>
        ) : (
          <DriftTable drifts={data?.items ?? []} />
        )}
      </Stack>
    </Page>
  );
}

const PASS = ['reconcile'];

/** The newest pass, followed while it runs. */
function usePass(): ReconcilePass | null | undefined {
  const { data } = useQuery({
    queryKey: PASS,
    queryFn: () => bodyOf(api.GET('/api/reconcile')),
    refetchInterval: ({ state }) => (state.data?.pass?.status === 'running' ? 2000 : false),
  });
  const client = useQueryClient();
  const finishedAt = data?.pass?.finished_at;
  useEffect(() => {
    if (finishedAt) void client.invalidateQueries({ queryKey: ['drifts'] });
  }, [client, finishedAt]);
  return data?.pass;
}

function PassProgress({ pass }: { readonly pass: ReconcilePass }) {
  const { looked_at: count, expected } = pass;
  return (
    <Text size="sm" role="status">
      {expected > 0 ? `The check runs. It has compared ${count} of about ${expected}.` : 'The check begins.'}
    </Text>
  );
}

function Outcome({ look }: { readonly look: Look }) {
  return (
    <Text size="sm" role="status">
      Compared {look.looked_at} and found {look.found}. Repaired: {look.repaired}. No longer there:{' '}
      {look.gone}.
      {look.not_looked_at.length > 0 &&
        ` Not compared: ${look.not_looked_at.map(wordsOf).join(', ')}. The log says why.`}
    </Text>
  );
}

function DriftTable({ drifts }: { readonly drifts: readonly Drift[] }) {
  return (
    <Table.ScrollContainer minWidth={700}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th w={180}>About</Table.Th>
            <Table.Th w={130}>Since</Table.Th>
            <Table.Th w={130}>Outcome</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {drifts.map((drift) => (
            <Table.Tr key={drift.id}>
              <Table.Td>
                <Text size="sm" fw={600}>
                  {wordsOf(drift.kind)}
                </Text>
                {drift.detail}
              </Table.Td>
              <Table.Td>
                <DriftSubject drift={drift} />
              </Table.Td>
              <Table.Td>
                <When at={drift.first_seen_at} />
              </Table.Td>
              <Table.Td>
                {drift.resolved_at === null ? 'Open' : drift.repaired ? 'Repaired' : 'Went away'}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

export function DriftSubject({ drift }: { readonly drift: Drift }) {
  const { kind, id } = drift.subject;
  if (kind === 'tenant') return <TenantLink id={id} name={`Tenant ${shortId(id)}`} />;
  if (kind === 'tenant_plane') return <PlaneLink id={id} />;
  if (kind === 'job') return <JobLink id={id} name={`Job ${shortId(id)}`} />;
  return (
    <Text span size="sm">
      {wordsOf(kind)} {id}
    </Text>
  );
}
