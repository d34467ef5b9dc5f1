import { SegmentedControl } from '@mantine/core';
import { type Column, Page, Rows, When, usePageKeys } from '@atlas/web';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ButtonLink, PageLink } from '../../links';
import { NeedsRole } from '../../needs-role';
import { useBarrier } from '../../plan/entitlements';
import { PlanNotice } from '../../plan/plan-notice';
import { type RunbookSummary } from '../../runbooks/runbook';
import { useRunbooks } from '../../runbooks/use-runbooks';
import { useMay } from '../../session';

/** Which remedies there are. */
export function Runbooks() {
  return (
    <NeedsRole role="fulfiller" title="Runbooks">
      <Listed />
    </NeedsRole>
  );
}

function Listed() {
  const { archived = false } = useSearch({ from: '/signed-in/runbooks' });
  const navigate = useNavigate({ from: '/runbooks' });
  const barrier = useBarrier('runbooks');
  const isOperator = useMay('operator') && barrier === null;
  const pages = useRunbooks(archived);
  usePageKeys({ n: () => isOperator && void navigate({ to: '/runbooks/new' }) });
  const columns = isOperator && !archived ? [...COLUMNS, RUN] : COLUMNS;
  return (
    <Page
      title="Runbooks"
      about="A runbook is a list of steps that repair something. People, agents and Atlas do them in order."
      actions={isOperator && <ButtonLink to="/runbooks/new">Write a runbook</ButtonLink>}
    >
      <PlanNotice module="runbooks" />
      <SegmentedControl
        mb="sm"
        size="xs"
        aria-label="Which runbooks"
        value={archived ? 'archived' : 'current'}
        onChange={(value) => void navigate({ search: value === 'archived' ? { archived: true } : {} })}
        data={[
          { value: 'current', label: 'In use' },
          { value: 'archived', label: 'Archived' },
        ]}
      />
      <Rows
        label="Runbooks"
        pages={pages}
        columns={columns}
        keyOf={({ id }) => id}
        empty={
          archived
            ? 'No runbook is archived.'
            : 'No runbook yet. Write down what you do when something breaks; let Atlas do parts of it.'
        }
      />
    </Page>
  );
}

const COLUMNS: readonly Column<RunbookSummary>[] = [
  {
    name: 'Name',
    width: 260,
    cell: ({ id, name }) => (
      <PageLink to="/runbooks/$id" params={{ id }} size="sm" title={name}>
        {name}
      </PageLink>
    ),
  },
  { name: 'Description', cell: ({ description }) => description ?? '–' },
  { name: 'Version', width: 80, cell: ({ version }) => version },
  { name: 'Changed', width: 140, cell: ({ updated_at: at }) => <When at={at} /> },
];

const RUN: Column<RunbookSummary> = {
  name: 'Run',
  width: 80,
  cell: ({ id, name }) => (
    <ButtonLink
      to="/runbooks/$id/run"
      params={{ id }}
      size="compact-sm"
      variant="light"
      aria-label={`Run ${name}`}
    >
      Run
    </ButtonLink>
  ),
};
