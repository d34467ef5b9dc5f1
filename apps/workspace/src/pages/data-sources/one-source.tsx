import { Button, Stack, Table, Text } from '@mantine/core';
import { Confirm, Facts, Page, ProblemAlert, Section, StateBadge, When, isMissing } from '@atlas/web';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { alertNameOf, alertPages } from '../../alerts/alert';
import { api } from '../../api';
import { Configuration } from '../../data-sources/configuration';
import { NewKey } from '../../data-sources/new-key';
import { type Source, type SourceWithKey, kindLabelOf, oneSource } from '../../data-sources/source';
import { SourceState } from '../../data-sources/source-state';
import { useChangeSource } from '../../data-sources/use-change-source';
import { PageLink } from '../../links';
import { NeedsRole } from '../../needs-role';
import { NoSuch } from '../../no-such';
import { EditSource } from './edit-source';
import { RotateKey } from './rotate-key';

const WITHIN = [{ to: '/data-sources', label: 'Data sources' }];
const LAST_ALERTS = 20;

export function OneSource() {
  const { id } = useParams({ from: '/signed-in/data-sources/$id' });
  return (
    <NeedsRole role="operator" title="Data source">
      <Loaded key={id} id={id} />
    </NeedsRole>
  );
}

function Loaded({ id }: { readonly id: string }) {
  const { data: source, error } = useQuery(oneSource(id));
  const [rotated, setRotated] = useState<SourceWithKey | null>(null);
  if (isMissing(error))
    return (
      <NoSuch thing="data source" within={WITHIN}>
        <PageLink to="/data-sources">Go to the data sources</PageLink>
      </NoSuch>
    );
  if (!source) return <Page title="Data source" within={WITHIN} error={error} isLoading={!error} />;
  if (rotated)
    return (
      <Page title={`New key of ${rotated.name}`} within={WITHIN}>
        <NewKey source={rotated} onDone={() => setRotated(null)} />
      </Page>
    );
  return <Shown source={source} error={error} onRotated={setRotated} />;
}

interface ShownProps {
  readonly source: Source;
  readonly error: unknown;
  readonly onRotated: (source: SourceWithKey) => void;
}

function Shown({ source, error, onRotated }: ShownProps) {
  const { id, name, kind, group_by: labels, window_minutes: minutes, previous_key_until: until } = source;
  return (
    <Page
      title={name}
      within={WITHIN}
      error={error}
      actions={<Actions source={source} onRotated={onRotated} />}
    >
      <Stack gap="xl" maw={860}>
        <Facts
          facts={[
            ['State', <SourceState key="state" source={source} />],
            ['Kind', kindLabelOf(kind)],
            ['Groups by', labels.join(', ')],
            ['Reopens within', minutes === 0 ? 'Never' : `${minutes} minutes`],
            ['Added', <When key="added" at={source.created_at} />],
            until === null
              ? null
              : [
                  'Old key',
                  <>
                    stops working <When at={until} />
                  </>,
                ],
          ]}
        />
        <Section
          title="Last alerts"
          actions={
            <PageLink to="/alerts" search={{ source_id: id, show: 'all' }} size="sm">
              All its alerts
            </PageLink>
          }
        >
          <LastAlerts id={id} />
        </Section>
        <Section title="Configuration">
          <Text size="sm" c="dimmed">
            {'Write the key in place of {key}. If nobody has it any more, rotate it.'}
          </Text>
          <Configuration source={source} />
        </Section>
      </Stack>
    </Page>
  );
}

function Actions({ source, onRotated }: Omit<ShownProps, 'error'>) {
  return (
    <>
      <EditSource source={source} />
      <RotateKey source={source} onRotated={onRotated} />
      <Switch source={source} />
      <Delete source={source} />
    </>
  );
}

function Switch({ source }: { readonly source: Source }) {
  const [isAsked, setIsAsked] = useState(false);
  const change = useChangeSource(source.id);
  if (!source.enabled)
    return (
      <Button size="xs" loading={change.isPending} onClick={() => change.mutate({ enabled: true })}>
        {change.isError ? 'Try to enable again' : 'Enable'}
      </Button>
    );
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setIsAsked(true)}>
        Disable
      </Button>
      {isAsked && (
        <Confirm
          title={`Disable ${source.name}?`}
          verb="Disable"
          color="orange"
          error={change.error}
          isPending={change.isPending}
          onConfirm={() => change.mutate({ enabled: false }, { onSuccess: () => setIsAsked(false) })}
          onClose={() => setIsAsked(false)}
        >
          <Text size="sm">
            Its alerts are refused until you enable it again, and its incidents no longer resolve by
            themselves.
          </Text>
        </Confirm>
      )}
    </>
  );
}

function Delete({ source: { id, name } }: { readonly source: Source }) {
  const [isAsked, setIsAsked] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/data-sources/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      await navigate({ to: '/data-sources' });
      queries.removeQueries({ queryKey: ['data-sources', 'one', id] });
      await queries.invalidateQueries({ queryKey: ['data-sources'] });
    },
  });
  return (
    <>
      <Button size="xs" variant="default" c="red" onClick={() => setIsAsked(true)}>
        Delete
      </Button>
      {isAsked && (
        <Confirm
          title={`Delete ${name}?`}
          verb="Delete"
          error={remove.error}
          isPending={remove.isPending}
          onConfirm={remove.mutate}
          onClose={() => setIsAsked(false)}
        >
          <Text size="sm">
            Its key is refused from now on. Its alerts stay, and their incidents no longer resolve by
            themselves.
          </Text>
        </Confirm>
      )}
    </>
  );
}

function LastAlerts({ id }: { readonly id: string }) {
  const { data, error } = useInfiniteQuery(alertPages({ source_id: id, show: 'all' }));
  if (!data) return <ProblemAlert error={error} />;
  const alerts = data.pages.flatMap(({ items }) => items).slice(0, LAST_ALERTS);
  if (alerts.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No alert yet. Put the configuration below into the program that sends them.
      </Text>
    );
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={110}>State</Table.Th>
            <Table.Th>Alert</Table.Th>
            <Table.Th>Summary</Table.Th>
            <Table.Th w={140}>Last received</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {alerts.map((alert) => (
            <Table.Tr key={alert.id}>
              <Table.Td>
                <StateBadge state={alert.status} />
              </Table.Td>
              <Table.Td>
                <PageLink to="/alerts/$id" params={{ id: alert.id }} size="sm">
                  {alertNameOf(alert)}
                </PageLink>
              </Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{alert.annotations['summary'] || '–'}</Table.Td>
              <Table.Td>
                <When at={alert.last_received_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
