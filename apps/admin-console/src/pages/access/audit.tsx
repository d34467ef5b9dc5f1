import { Button, Code, Drawer, Group, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { type ControlPlaneSchemas, Facts, Page, Rows, When, bodyOf, wordsOf } from '@atlas/web';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { ExportDialog } from '../../audit/export-dialog';
import { VerifyDialog } from '../../audit/verify-dialog';
import { JobLink, PlaneLink, TenantLink, shortId } from '../../parts/links';
import { given } from '../../parts/search';

type Entry = ControlPlaneSchemas['schemas']['AuditView'];

export function Audit() {
  const filter = useSearch({ from: '/signed-in/audit' });
  const [shown, setShown] = useState<Entry | null>(null);
  const [asked, setAsked] = useState<'verify' | 'export' | null>(null);
  const pages = useInfiniteQuery({
    queryKey: ['audit', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/audit', { params: { query: { limit: 100, ...given({ ...filter, cursor }) } } })),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });
  return (
    <Page
      title="Audit"
      about="Who did what, and when. Each entry is sealed, so a change would be noticed."
      actions={
        <>
          <Button variant="default" onClick={() => setAsked('verify')}>
            Verify
          </Button>
          <Button variant="default" onClick={() => setAsked('export')}>
            Export
          </Button>
        </>
      }
    >
      <Stack>
        <Filter key={filter.action} />
        <Rows
          label="Audit entries"
          pages={pages}
          keyOf={({ id }) => id}
          empty={
            filter.action === undefined ? 'No entry yet.' : 'No entry with this action. Clear the filter.'
          }
          columns={[
            { name: 'When', width: 140, cell: ({ at }) => <When at={at} /> },
            { name: 'Who', width: 200, cell: ({ actor }) => <Actor actor={actor} /> },
            { name: 'Action', width: 220, cell: ({ action }) => action },
            { name: 'On', width: 200, cell: (entry) => <Target entry={entry} /> },
            { name: 'From', width: 120, cell: ({ ip }) => ip ?? '–' },
            {
              name: 'Details',
              width: 90,
              cell: (entry) => (
                <Button variant="default" size="compact-xs" onClick={() => setShown(entry)}>
                  Show
                </Button>
              ),
            },
          ]}
        />
      </Stack>
      {asked === 'verify' && <VerifyDialog onClose={() => setAsked(null)} />}
      {asked === 'export' && <ExportDialog onClose={() => setAsked(null)} />}
      {shown !== null && <Details entry={shown} onClose={() => setShown(null)} />}
    </Page>
  );
}

function Filter() {
  const filter = useSearch({ from: '/signed-in/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const [action, setAction] = useState(filter.action ?? '');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void navigate({ search: given({ action: action.trim() || undefined }) });
  };
  return (
    <Group component="form" onSubmit={submit} align="flex-end">
      <TextInput
        label="Action"
        placeholder="tenant.suspend"
        value={action}
        onChange={(event) => setAction(event.currentTarget.value)}
      />
      <Button type="submit" variant="default">
        Filter
      </Button>
      {filter.action !== undefined && (
        <Button variant="subtle" onClick={() => void navigate({ search: {} })}>
          Clear
        </Button>
      )}
    </Group>
  );
}

function Actor({ actor: { kind, id } }: { readonly actor: Entry['actor'] }) {
  const { data } = useQuery({
    queryKey: ['operators'],
    queryFn: () => bodyOf(api.GET('/api/operators', { params: { query: { limit: 200 } } })),
    staleTime: 60_000,
  });
  if (id === null) return kind;
  return data?.items.find((operator) => operator.id === id)?.email ?? `${wordsOf(kind)} ${shortId(id)}`;
}

function Target({ entry }: { readonly entry: Entry }) {
  const { kind, id } = entry.target;
  if (id === null) return kind;
  if (kind === 'tenant') return <TenantLink id={id} name={entry.tenant_slug ?? shortId(id)} />;
  if (kind === 'tenant_plane') return <PlaneLink id={id} />;
  if (kind.endsWith('job')) return <JobLink id={id} name={`job ${shortId(id)}`} />;
  return `${wordsOf(kind)} ${shortId(id)}`;
}

interface DetailsProps {
  readonly entry: Entry;
  readonly onClose: () => void;
}

function Details({ entry, onClose }: DetailsProps) {
  return (
    <Drawer opened onClose={onClose} title={entry.action} position="right" size="lg">
      <Facts
        facts={[
          ['At', entry.at],
          ['Who', `${entry.actor.kind} ${entry.actor.id ?? ''}`],
          ['On', `${entry.target.kind} ${entry.target.id ?? ''}`],
          ['From', entry.ip ?? '–'],
          ['Trace', entry.trace_id ?? '–'],
        ]}
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }} mt="md">
        <Values title="Before" values={entry.before} />
        <Values title="After" values={entry.after} />
      </SimpleGrid>
    </Drawer>
  );
}

function Values({ title, values }: { readonly title: string; readonly values: unknown }) {
  return (
    <section>
      <Title order={3} size="h6">
        {title}
      </Title>
      {values === null ? (
        <Text size="sm" c="dimmed">
          Nothing
        </Text>
      ) : (
        <Code block>{JSON.stringify(values, null, 2)}</Code>
      )}
    </section>
  );
}
