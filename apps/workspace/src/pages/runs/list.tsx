import { Group, Tabs, Text } from '@mantine/core';
import { type Column, Page, Rows, StateBadge, When } from '@atlas/web';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { ButtonLink, PageLink } from '../../links';
import { useNames } from '../../people';
import { NeedsRole } from '../../needs-role';
import { IncidentName } from '../../runs/incident-name';
import { type Run, type RunStatus, currentStepOf } from '../../runs/run';
import { RUN_VIEWS, type RunSearch, type RunViewName } from '../../runs/run-search';
import { useRuns } from '../../runs/use-runs';

const LABELS: Readonly<Record<RunViewName, string>> = {
  all: 'All',
  waiting: 'Needs a person',
  running: 'Running',
  failed: 'Failed',
};

/** What runs, what waits for a person, and what failed. */
export function Runs() {
  return (
    <NeedsRole role="fulfiller" title="Runs">
      <Found />
    </NeedsRole>
  );
}

function Found() {
  const search = useSearch({ from: '/signed-in/runs' });
  const { which: view = 'all', incident } = search;
  return (
    <Page
      title="Runs"
      about="A run is one execution of a runbook. Later changes to the runbook do not affect it."
      actions={
        <ButtonLink to="/runbooks" variant="default">
          Choose a runbook to run
        </ButtonLink>
      }
    >
      <Views view={view} />
      {incident !== undefined && (
        <Group mb="sm" gap="xs">
          <Text size="sm">
            Only for <IncidentName id={incident} />
          </Text>
          <ButtonLink to="/runs" search={{ which: search.which }} variant="subtle" size="compact-sm">
            Show all
          </ButtonLink>
        </Group>
      )}
      <Listed view={view} incident={incident} />
    </Page>
  );
}

function Views({ view }: { readonly view: RunViewName }) {
  const navigate = useNavigate({ from: '/runs' });
  const open = (value: string | null): void => {
    const to = RUN_VIEWS.find((one) => one === value);
    void navigate({ search: (old: RunSearch) => ({ ...old, which: to === 'all' ? undefined : to }) });
  };
  return (
    <Tabs value={view} onChange={open} mb="sm">
      <Tabs.List aria-label="Which runs">
        {RUN_VIEWS.map((one) => (
          <Tabs.Tab key={one} value={one}>
            {LABELS[one]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
}

interface ListedProps {
  readonly view: RunViewName;
  readonly incident: string | undefined;
}

const STATUSES: Readonly<Record<RunViewName, RunStatus[] | undefined>> = {
  all: undefined,
  waiting: ['waiting_approval', 'waiting_manual'],
  running: ['queued', 'running'],
  failed: ['failed'],
};

function Listed({ view, incident }: ListedProps) {
  const status = STATUSES[view];
  const pages = useRuns({
    ...(status && { status }),
    ...(incident !== undefined && { incident_id: incident }),
  });
  return (
    <Rows
      key={`${view} ${incident ?? ''}`}
      label="Runs"
      holdsNews
      pages={pages}
      columns={useColumns()}
      keyOf={({ id }) => id}
      height="60vh"
      empty={emptyOf(view, incident)}
    />
  );
}

function emptyOf(view: RunViewName, incident: string | undefined): ReactNode {
  if (view === 'waiting') return 'Nothing waits for a person.';
  if (view === 'running') return 'Nothing runs at the moment.';
  if (view === 'failed') return 'No run has failed.';
  if (incident !== undefined) return 'No runbook was run for this incident.';
  return (
    <>
      Nothing was run yet. <PageLink to="/runbooks">Choose a runbook and run it</PageLink>.
    </>
  );
}

function useColumns(): readonly Column<Run>[] {
  const nameOf = useNames();
  return [
    { name: 'State', width: 146, cell: ({ status }) => <StateBadge state={status} /> },
    {
      name: 'Runbook',
      width: 186,
      cell: ({ id, runbook_name: name }) => (
        <PageLink to="/runs/$id" params={{ id }} size="sm" title={name}>
          {name}
        </PageLink>
      ),
    },
    { name: 'Version', width: 74, isMinor: true, cell: ({ runbook_version: version }) => version },
    { name: 'Step', width: 128, cell: (run) => stepTextOf(run) },
    {
      name: 'Incident',
      width: 122,
      cell: ({ incident_id: id }) => (id === null ? '–' : <IncidentName id={id} isShort />),
    },
    { name: 'Started by', width: 114, cell: ({ requested_by: by }) => nameOf(by) },
    { name: 'Started', width: 139, cell: ({ created_at: at }) => <When at={at} /> },
    { name: 'Ended', width: 139, isMinor: true, cell: ({ finished_at: at }) => <When at={at} /> },
  ];
}

function stepTextOf(run: Run): string {
  const current = currentStepOf(run);
  if (!current) return '–';
  return `${current.index + 1} of ${run.steps.length}: ${current.step.name}`;
}
