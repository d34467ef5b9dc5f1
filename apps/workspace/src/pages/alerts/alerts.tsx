import { Group, SegmentedControl, Text } from '@mantine/core';
import { type Column, Page, Rows, StateBadge, When, oneOf } from '@atlas/web';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ALERT_VIEWS, type Alert, type AlertSearch, alertNameOf, alertPages } from '../../alerts/alert';
import { AreaTabs } from '../../alerts/area-tabs';
import { useSources } from '../../data-sources/source';
import { PageLink } from '../../links';
import { useMay } from '../../session';
import { NeedsRole } from '../../needs-role';

const VIEWS = [
  { value: 'firing', label: 'Firing' },
  { value: 'resolved', label: 'Resolved' },
  { value: 'all', label: 'All' },
];

/** What fires now, and whether each alert has an incident. */
export function Alerts() {
  return (
    <NeedsRole role="fulfiller" title="Alerts">
      <List />
    </NeedsRole>
  );
}

function List() {
  const search = useSearch({ from: '/signed-in/alerts' });
  const pages = useInfiniteQuery(alertPages(search));
  return (
    <Page title="Alerts">
      <AreaTabs active="/alerts" />
      <Filters search={search} source={pages.data?.pages[0]?.items[0]?.source_name} />
      <Rows
        key={JSON.stringify(search)}
        label="Alerts"
        holdsNews
        pages={pages}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        empty={<Empty search={search} />}
      />
    </Page>
  );
}

interface FiltersProps {
  readonly search: AlertSearch;
  /** The name of the data source that was asked for, if one of its alerts is shown. */
  readonly source: string | undefined;
}

function Filters({ search, source: name = 'one data source' }: FiltersProps) {
  const navigate = useNavigate({ from: '/alerts' });
  const { show = 'firing', source_id: source, incident_id: incident } = search;
  return (
    <Group mb="sm" gap="sm">
      <SegmentedControl
        aria-label="Which alerts"
        size="xs"
        data={VIEWS}
        value={show}
        onChange={(value) => {
          const to = oneOf(ALERT_VIEWS, value);
          void navigate({ search: (old) => ({ ...old, show: to === 'firing' ? undefined : to }) });
        }}
      />
      {source !== undefined && <Text size="sm">From {name}</Text>}
      {incident !== undefined && (
        <Text size="sm">
          Of{' '}
          <PageLink to="/incidents/$id" params={{ id: incident }}>
            one incident
          </PageLink>
        </Text>
      )}
      {(source ?? incident) !== undefined && (
        <PageLink to="/alerts" search={{ show: search.show }} size="sm">
          Clear the filter
        </PageLink>
      )}
    </Group>
  );
}

function Empty({ search: { show = 'firing', source_id, incident_id } }: { readonly search: AlertSearch }) {
  const isOperator = useMay('operator');
  const { data } = useSources();
  const isFiltered = (source_id ?? incident_id) !== undefined;
  const isUnused = data !== undefined && data.items.every(({ last_received_at: at }) => at === null);
  if (isOperator && isUnused && !isFiltered)
    return (
      <>
        No alert was ever received. <PageLink to="/data-sources">Connect monitoring</PageLink> to see what
        fires.
      </>
    );
  if (show === 'firing') return isFiltered ? 'None of these fires now.' : 'Nothing fires.';
  return show === 'resolved'
    ? 'No alert was resolved yet.'
    : 'No alert was received yet. Once monitoring sends one, it is shown here.';
}

const COLUMNS: readonly Column<Alert>[] = [
  { name: 'State', width: 102, cell: ({ status }) => <StateBadge state={status} /> },
  {
    name: 'Alert',
    width: 160,
    cell: (alert) => (
      <PageLink to="/alerts/$id" params={{ id: alert.id }} size="sm" title={alertNameOf(alert)}>
        {alertNameOf(alert)}
      </PageLink>
    ),
  },
  {
    name: 'Summary',
    width: 178,
    cell: ({ annotations }) => <span title={annotations['summary']}>{annotations['summary'] || '–'}</span>,
  },
  { name: 'Severity', width: 84, cell: ({ labels }) => labels['severity'] || '–' },
  { name: 'Source', width: 110, cell: ({ source_name: name }) => <span title={name}>{name}</span> },
  { name: 'Started', width: 134, cell: ({ starts_at: at }) => <When at={at} /> },
  { name: 'Last received', width: 134, isMinor: true, cell: ({ last_received_at: at }) => <When at={at} /> },
  { name: 'Count', width: 60, isMinor: true, cell: ({ count }) => count },
  { name: 'Outcome', width: 84, cell: (alert) => <Outcome alert={alert} /> },
];

/** What became of the alert. */
function Outcome({ alert: { incident_id: incident, silence_id: silence } }: { readonly alert: Alert }) {
  const isOperator = useMay('operator');
  if (incident !== null)
    return (
      <PageLink to="/incidents/$id" params={{ id: incident }} size="sm">
        Incident
      </PageLink>
    );
  if (silence === null) return '–';
  return isOperator ? (
    <PageLink to="/silences" size="sm">
      silenced
    </PageLink>
  ) : (
    'silenced'
  );
}
