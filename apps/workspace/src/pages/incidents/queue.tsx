import { Button, Group, Select, Tabs, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type Column, Page, Rows, StateBadge, When, useFollowing, wordsOf, usePageKeys } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type Incident, OPEN_STATUSES, STATUSES, isOpen } from '../../incidents/incident';
import { summary, useQueuePages } from '../../incidents/queue-pages';
import { type QueueSearch, VIEWS, type View } from '../../incidents/queue-search';
import { useChangeIncident } from '../../incidents/use-incident';
import { SeverityBadge, SeveritySelect } from '../../incidents/severity';
import { SlaCell } from '../../incidents/sla-cell';
import { useNames, usePeople } from '../../people';
import { useUser } from '../../session';
import { ButtonLink, PageLink } from '../../links';

const LONGEST_SEARCH = 100;
const TYPING_MS = 300;

const LABELS: Readonly<Record<View, string>> = {
  open: 'Open',
  mine: 'Mine',
  unassigned: 'Unassigned',
  resolved: 'Resolved',
  closed: 'Closed',
  all: 'All',
};
const SOURCES = { manual: 'person', alert: 'alert', slo: 'SLO', api: 'API' } as const;

/** What is burning, and whether somebody is on it. */
export function Queue() {
  const search = useSearch({ from: '/signed-in/' });
  const pages = useQueuePages(search);
  const navigate = useNavigate();
  usePageKeys({ n: () => void navigate({ to: '/incidents/new' }) });
  return (
    <Page
      title="Incidents"
      actions={
        <ButtonLink to="/incidents/new" size="xs">
          Report an incident
        </ButtonLink>
      }
    >
      <Views search={search} />
      <Filters search={search} />
      <Summary />
      <Rows
        key={JSON.stringify(search)}
        label="Incidents"
        holdsNews
        pages={pages}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        empty={<Empty search={search} />}
        height="60vh"
      />
    </Page>
  );
}

function useChange(): (change: QueueSearch) => void {
  const navigate = useNavigate({ from: '/' });
  return (change) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
}

function Views({ search: { view = 'open' } }: { readonly search: QueueSearch }) {
  const navigate = useNavigate({ from: '/' });
  const open = (value: string | null): void => {
    const to = VIEWS.find((one) => one === value);
    // A state belongs to a view, the other filters stay.
    void navigate({
      search: (old) => ({ ...old, status: undefined, view: to === 'open' ? undefined : to }),
    });
  };
  return (
    <Tabs value={view} onChange={open} mb="sm">
      <Tabs.List aria-label="Which incidents">
        {VIEWS.map((one) => (
          <Tabs.Tab key={one} value={one}>
            {LABELS[one]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
}

function Filters({ search }: { readonly search: QueueSearch }) {
  const change = useChange();
  const { view = 'open' } = search;
  const statuses = view === 'all' ? STATUSES : OPEN_STATUSES;
  const people = usePeople();
  return (
    <Group mb="sm" gap="sm" align="flex-end">
      <SearchField q={search.q ?? ''} />
      <SeveritySelect
        w={110}
        placeholder="Any"
        clearable
        value={search.severity ?? null}
        onChange={(value) => change({ severity: value ?? undefined })}
      />
      {view !== 'resolved' && view !== 'closed' && (
        <Select
          label="State"
          size="xs"
          w={140}
          placeholder="Any"
          clearable
          data={statuses.map((value) => ({ value, label: wordsOf(value) }))}
          value={search.status ?? null}
          onChange={(value) => change({ status: value ?? undefined })}
        />
      )}
      {people.length > 0 && view !== 'mine' && view !== 'unassigned' && (
        <Select
          label="Assigned to"
          size="xs"
          w={180}
          placeholder="Anybody"
          clearable
          searchable
          data={people.map(({ id, name }) => ({ value: id, label: name }))}
          value={search.assignee ?? null}
          onChange={(value) => change({ assignee: value ?? undefined })}
        />
      )}
      {hasFilters(search) && (
        <ButtonLink to="/" search={{ view: search.view }} variant="subtle" size="xs">
          Clear the filters
        </ButtonLink>
      )}
    </Group>
  );
}

function SearchField({ q }: { readonly q: string }) {
  const change = useChange();
  // The address can change without typing, for example with the Back button.
  const [text, setText] = useFollowing(q);
  const apply = useDebouncedCallback((value: string) => change({ q: value.trim() || undefined }), TYPING_MS);
  return (
    <TextInput
      label="Search"
      type="search"
      size="xs"
      w={220}
      placeholder="Title, description or number"
      maxLength={LONGEST_SEARCH}
      value={text}
      onChange={({ currentTarget: { value } }) => {
        setText(value);
        apply(value);
      }}
    />
  );
}

function hasFilters({ status, severity, sla, assignee, ci, q }: QueueSearch): boolean {
  return [status, severity, sla, assignee, ci, q].some((value) => value !== undefined);
}

/** What is wrong now, whatever the filters show. */
function Summary() {
  const { data } = useQuery(summary);
  if (data === undefined) return null;
  const parts: readonly { readonly count: number; readonly text: string; readonly search: QueueSearch }[] = [
    { count: data.breached, text: 'late', search: { sla: 'breached' } },
    { count: data.at_risk, text: 'at risk', search: { sla: 'at_risk' } },
    { count: data.unassigned, text: 'unassigned', search: { view: 'unassigned' } },
  ];
  const shown = parts.filter(({ count }) => count > 0);
  if (shown.length === 0) return null;
  return (
    <Group gap="md" mb="sm" role="group" aria-label="Of all open incidents">
      {shown.map(({ count, text, search }) => (
        <PageLink key={text} to="/" search={search} size="sm">
          {count} {text}
        </PageLink>
      ))}
    </Group>
  );
}

function Empty({ search }: { readonly search: QueueSearch }) {
  if (hasFilters(search)) return 'No incident matches. Clear the filters to see all.';
  switch (search.view) {
    case undefined:
    case 'open':
      return 'No open incidents. Nothing is wrong that we know of.';
    case 'mine':
      return 'Nothing is assigned to you. Take an incident from the open ones.';
    case 'unassigned':
      return 'Every open incident is assigned to somebody.';
    default:
      return 'No incident here yet. Report one if something is wrong.';
  }
}

const COLUMNS: readonly Column<Incident>[] = [
  { name: 'Severity', width: 84, cell: ({ severity }) => <SeverityBadge severity={severity} /> },
  {
    name: 'Title',
    width: 250,
    cell: ({ id, title }) => (
      <PageLink to="/incidents/$id" params={{ id }} size="sm" title={title}>
        {title}
      </PageLink>
    ),
  },
  { name: 'Number', width: 122, cell: ({ number }) => number },
  { name: 'State', width: 134, cell: ({ status }) => <StateBadge state={status} /> },
  { name: 'SLA', width: 130, cell: (incident) => <SlaCell incident={incident} /> },
  {
    name: 'Assignee',
    width: 110,
    cell: (incident) => <Assignee incident={incident} />,
  },
  { name: 'Source', width: 80, isMinor: true, cell: sourceOf },
  { name: 'Reported', width: 138, cell: ({ created_at: at }) => <When at={at} /> },
];

function sourceOf({ source, alert_count: count }: Incident): string {
  if (count === 0) return SOURCES[source];
  return count === 1 ? '1 alert' : `${count} alerts`;
}

function Assignee({ incident }: { readonly incident: Incident }) {
  const { id: self } = useUser();
  const nameOf = useNames();
  const change = useChangeIncident(incident);
  const { assignee_id: assignee, number } = incident;
  if (assignee) return nameOf(assignee);
  if (!isOpen(incident))
    return (
      <Text span c="dimmed" size="sm">
        nobody
      </Text>
    );
  return (
    <Button
      size="compact-sm"
      variant="light"
      aria-label={`${change.isError ? 'Try again' : 'Take it'}: ${number}`}
      color={change.isError ? 'red' : undefined}
      loading={change.isPending}
      onClick={() => change.mutate({ assignee_id: self })}
    >
      {change.isError ? 'Try again' : 'Take it'}
    </Button>
  );
}
