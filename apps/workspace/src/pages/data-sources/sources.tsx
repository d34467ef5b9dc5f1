import { type Column, Page, Rows, When, usePageKeys } from '@atlas/web';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { AreaTabs } from '../../alerts/area-tabs';
import { type Source, kindLabelOf, sourcePages } from '../../data-sources/source';
import { SourceState } from '../../data-sources/source-state';
import { ButtonLink, PageLink } from '../../links';
import { FullNotice } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';

/** Whether alerts still arrive. */
export function Sources() {
  return (
    <NeedsRole role="operator" title="Data sources">
      <List />
    </NeedsRole>
  );
}

function List() {
  const pages = useInfiniteQuery(sourcePages);
  const navigate = useNavigate();
  usePageKeys({ n: () => void navigate({ to: '/data-sources/new' }) });
  return (
    <Page
      title="Data sources"
      about="Programs that send alerts to Atlas. Each has its own key."
      actions={
        <ButtonLink to="/data-sources/new" size="xs">
          Add a data source
        </ButtonLink>
      }
    >
      <AreaTabs active="/data-sources" />
      <FullNotice limit="data_sources" />
      <Rows
        label="Data sources"
        pages={pages}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        empty="No monitoring is connected. Add Alertmanager, or any program that can send JSON."
      />
    </Page>
  );
}

const COLUMNS: readonly Column<Source>[] = [
  {
    name: 'Name',
    width: 200,
    cell: ({ id, name }) => (
      <PageLink to="/data-sources/$id" params={{ id }} size="sm" title={name}>
        {name}
      </PageLink>
    ),
  },
  { name: 'Kind', width: 110, cell: ({ kind }) => kindLabelOf(kind) },
  { name: 'State', width: 220, cell: (source) => <SourceState source={source} /> },
  { name: 'Groups by', width: 150, cell: ({ group_by: labels }) => labels.join(', ') },
  {
    name: 'Reopens within',
    width: 120,
    isMinor: true,
    cell: ({ window_minutes: minutes }) => `${minutes} min`,
  },
  { name: 'Key', width: 170, cell: (source) => <Key source={source} /> },
];

function Key({ source: { previous_key_until: until } }: { readonly source: Source }) {
  if (until === null) return 'One key';
  return (
    <>
      Old key ends <When at={until} />
    </>
  );
}
