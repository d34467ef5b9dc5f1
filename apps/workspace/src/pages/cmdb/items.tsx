import { Autocomplete, Checkbox, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type Column, Page, Rows, When, wordsOf, usePageKeys } from '@atlas/web';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { CriticalityBadge } from '../../cmdb/criticality-badge';
import { CRITICALITIES, ITEM_STATUSES, type Item, LONGEST_SEARCH, LONGEST_TYPE } from '../../cmdb/item';
import { type ItemSearch } from '../../cmdb/item-search';
import { NeedsRole } from '../../needs-role';
import { useItemPages, useTypes } from '../../cmdb/use-items';
import { ButtonLink, PageLink } from '../../links';
import { useMay } from '../../session';

const TYPING_MS = 300;

/** What we run, and which of it is critical. */
export function Items() {
  return (
    <NeedsRole role="fulfiller" title="Configuration items">
      <List />
    </NeedsRole>
  );
}

function List() {
  const search = useSearch({ from: '/signed-in/cmdb' });
  const pages = useItemPages(search);
  const mayWrite = useMay('operator');
  const navigate = useNavigate();
  usePageKeys({
    n: () => {
      if (mayWrite) void navigate({ to: '/cmdb/new' });
    },
  });
  return (
    <Page
      title="Configuration items"
      about="What your services run on. Incidents of an item show what else is affected."
      actions={
        mayWrite && (
          <ButtonLink to="/cmdb/new" size="xs">
            Add an item
          </ButtonLink>
        )
      }
    >
      <Filters search={search} />
      <Rows
        label="Configuration items"
        pages={pages}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        empty={<Empty search={search} />}
        height="65vh"
      />
    </Page>
  );
}

function useChange(): (change: ItemSearch) => void {
  const navigate = useNavigate({ from: '/cmdb' });
  return (change) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
}

function Filters({ search }: { readonly search: ItemSearch }) {
  const change = useChange();
  return (
    <Group mb="sm" gap="sm" align="flex-end">
      <SearchField value={search.q ?? ''} />
      <TypeField value={search.type ?? ''} />
      <Select
        label="Status"
        size="xs"
        w={140}
        placeholder="Any"
        clearable
        data={ITEM_STATUSES}
        value={search.state ?? null}
        onChange={(state) => change({ state: state ?? undefined })}
      />
      <Select
        label="Criticality"
        size="xs"
        w={110}
        placeholder="Any"
        clearable
        data={CRITICALITIES}
        value={search.criticality ?? null}
        onChange={(criticality) => change({ criticality: criticality ?? undefined })}
      />
      <Checkbox
        label="Archived only"
        size="xs"
        pb={7}
        checked={search.archived === true}
        onChange={({ currentTarget: { checked } }) => change({ archived: checked || undefined })}
      />
      {hasFilters(search) && (
        <ButtonLink to="/cmdb" variant="subtle" size="xs">
          Clear the filters
        </ButtonLink>
      )}
    </Group>
  );
}

interface FieldProps {
  readonly value: string;
}

/** The text of a field, which goes into the address after a pause. */
function useTyped(value: string, apply: (text: string | undefined) => void) {
  const [text, setText] = useState(value);
  // The address can change without typing, for example with the Back button.
  const [before, setBefore] = useState(value);
  if (before !== value) {
    setBefore(value);
    // A space at the end is kept, because a word may follow.
    if (value !== text.trim()) setText(value);
  }
  const later = useDebouncedCallback((typed: string) => apply(typed.trim() || undefined), TYPING_MS);
  const type = (typed: string): void => {
    setText(typed);
    later(typed);
  };
  return [text, type] as const;
}

function SearchField({ value }: FieldProps) {
  const change = useChange();
  const [text, type] = useTyped(value, (q) => change({ q }));
  return (
    <TextInput
      label="Search"
      type="search"
      size="xs"
      w={220}
      placeholder="Name or key"
      maxLength={LONGEST_SEARCH}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
    />
  );
}

function TypeField({ value }: FieldProps) {
  const change = useChange();
  const [text, type] = useTyped(value, (one) => change({ type: one }));
  return (
    <Autocomplete
      label="Type"
      size="xs"
      w={160}
      placeholder="Any"
      clearable
      maxLength={LONGEST_TYPE}
      data={useTypes()}
      value={text}
      onChange={type}
    />
  );
}

function hasFilters({ q, type, state, criticality, archived }: ItemSearch): boolean {
  return [q, type, state, criticality, archived].some((value) => value !== undefined);
}

function Empty({ search }: { readonly search: ItemSearch }) {
  const mayWrite = useMay('operator');
  if (hasFilters(search)) return 'No item matches. Clear the filters to see all.';
  return (
    <>
      No items yet. Add what your services run on; then incidents show what else is affected.{' '}
      {mayWrite ? <PageLink to="/cmdb/new">Add an item</PageLink> : 'An operator can add items.'}
    </>
  );
}

const COLUMNS: readonly Column<Item>[] = [
  {
    name: 'Name',
    width: 260,
    cell: ({ id, name }) => (
      <PageLink to="/cmdb/$id" params={{ id }} size="sm" title={name}>
        {name}
      </PageLink>
    ),
  },
  { name: 'Type', width: 130, cell: ({ type }) => type },
  { name: 'Key', width: 160, isMinor: true, cell: ({ key }) => key ?? '–' },
  { name: 'Status', width: 130, cell: ({ status }) => wordsOf(status) },
  {
    name: 'Criticality',
    width: 110,
    cell: ({ criticality }) => <CriticalityBadge criticality={criticality} />,
  },
  {
    name: 'Source',
    width: 100,
    isMinor: true,
    cell: ({ source }) => (source === 'manual' ? 'a person' : source),
  },
  {
    name: 'Changed',
    width: 140,
    cell: ({ archived_at: archived, updated_at: at }) => <When at={archived ?? at} />,
  },
];
