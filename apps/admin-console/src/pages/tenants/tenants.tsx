import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { DEPLOYMENT_MODELS, profileOf } from '@atlas/deployment-profiles';
import { type Column, Page, Rows, StateBadge, When, bodyOf, oneOf, useFollowing, wordsOf } from '@atlas/web';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { api } from '../../api';
import { useJobs } from '../../jobs/jobs-table';
import { READ_ONLY, useMayChange } from '../../parts/access';
import { ButtonLink, TenantLink } from '../../parts/links';
import { TENANT_STATUSES, given } from '../../parts/search';
import { SOURCES } from '../../parts/tenants';
import { type Tenant } from '../../parts/types';
import { stateOf } from './tenant-state';

const DEBOUNCE_MS = 200;
/** A single character matches too many tenants. */
const SHORTEST_SEARCH = 2;
const CHANGING: readonly string[] = ['provisioning', 'deprovisioning'];
const LIVE_MS = 5000;
const CALM_MS = 30_000;
/** A longer list stays as it was loaded. */
const MOST_LIVE_PAGES = 3;

const MODEL_CHOICES = DEPLOYMENT_MODELS.map((value) => ({ value, label: profileOf(value).title }));
const STATUS_CHOICES = TENANT_STATUSES.map((value) => ({ value, label: wordsOf(value) }));

export function Tenants() {
  const mayChange = useMayChange();
  return (
    <Page
      title="Tenants"
      {...(!mayChange && { about: READ_ONLY })}
      actions={mayChange && <ButtonLink to="/tenants/new">Provision a tenant</ButtonLink>}
    >
      <Stack>
        <Filters />
        <Found />
      </Stack>
    </Page>
  );
}

/** Apart from the filters, which need not be drawn again for every page. */
function Found() {
  const filter = useSearch({ from: '/signed-in/tenants' });
  const pages = useInfiniteQuery({
    queryKey: ['tenants', filter],
    initialPageParam: undefined as string | undefined,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam: cursor, signal }) =>
      bodyOf(
        api.GET('/api/tenants', {
          params: { query: { limit: 100, ...given({ ...filter, cursor }) } },
          signal,
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: ({ state: { data } }) => {
      // Each page is fetched again.
      if ((data?.pages.length ?? 0) > MOST_LIVE_PAGES) return false;
      const isChanging = data?.pages[0]?.items.some(({ status }) => CHANGING.includes(status)) ?? false;
      return isChanging ? LIVE_MS : CALM_MS;
    },
    refetchOnWindowFocus: ({ state: { data } }) => (data?.pages.length ?? 0) <= MOST_LIVE_PAGES,
  });
  return (
    <Rows
      label="Tenants"
      pages={pages}
      keyOf={({ id }) => id}
      empty={
        Object.keys(given(filter)).length === 0
          ? 'No tenants yet. Provision the first one.'
          : 'No tenant matches. Search looks at the beginning of the slug, the name and the ' +
            'first admin’s address. Clear the filters to see all tenants.'
      }
      columns={COLUMNS}
    />
  );
}

function TenantBadge({ tenant }: { readonly tenant: Tenant }) {
  const isRemoved = tenant.status === 'deprovisioning' && tenant.restorable_until !== null;
  return isRemoved ? <RemovedBadge tenant={tenant} /> : <StateBadge state={stateOf(tenant)} />;
}

/** Only a job says whether such a tenant is being restored or erased. */
function RemovedBadge({ tenant }: { readonly tenant: Tenant }) {
  const found = [
    useJobs({ operation: 'restore', live: true }),
    useJobs({ operation: 'purge', live: true }),
    useJobs({ operation: 'purge', needs_attention: true }),
  ];
  const jobs = found.flatMap(({ data }) => data?.pages[0]?.items ?? []);
  const job = jobs.find(({ tenant_id: id }) => id === tenant.id);
  return <StateBadge state={stateOf(tenant, job)} />;
}

const COLUMNS: readonly Column<Tenant>[] = [
  {
    name: 'Tenant',
    width: 220,
    cell: ({ id, name, slug }) => <TenantLink id={id} name={`${name} (${slug})`} />,
  },
  { name: 'State', width: 140, cell: (tenant) => <TenantBadge tenant={tenant} /> },
  { name: 'Model', width: 170, cell: ({ deployment_model: model }) => profileOf(model).title },
  { name: 'Plan', width: 100, cell: ({ plan }) => plan },
  { name: 'Region', width: 90, cell: ({ region }) => region ?? '–' },
  { name: 'Created', width: 130, cell: ({ created_at }) => <When at={created_at} /> },
  { name: 'Ordered by', width: 120, cell: ({ source }) => SOURCES[source] },
];

/** The filters are in the address, so that it can be shared. */
function Filters() {
  const filter = useSearch({ from: '/signed-in/tenants' });
  const navigate = useNavigate({ from: '/tenants' });
  const [text, setText] = useFollowing(filter.q ?? '');
  const narrow = (change: Partial<Record<keyof typeof filter, string | undefined>>): void => {
    const next = { ...filter, ...change };
    void navigate({
      search: given({
        q: next.q,
        status: oneOf(TENANT_STATUSES, next.status),
        deployment_model: oneOf(DEPLOYMENT_MODELS, next.deployment_model),
      }),
      replace: true,
    });
  };
  const search = useDebouncedCallback(
    (q: string) => narrow({ q: q.length < SHORTEST_SEARCH ? undefined : q }),
    DEBOUNCE_MS,
  );
  return (
    <Group align="flex-end">
      <TextInput
        label="Search"
        placeholder="Beginning of a slug, name or address"
        w={280}
        type="search"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          search(event.currentTarget.value.trim());
        }}
      />
      <Select
        label="State"
        placeholder="Any"
        clearable
        w={150}
        data={STATUS_CHOICES}
        value={filter.status ?? null}
        onChange={(status) => narrow({ status: status ?? undefined })}
      />
      <Select
        label="Model"
        placeholder="Any"
        clearable
        w={200}
        data={MODEL_CHOICES}
        value={filter.deployment_model ?? null}
        onChange={(model) => narrow({ deployment_model: model ?? undefined })}
      />
      {Object.keys(given(filter)).length > 0 && (
        <Button variant="subtle" onClick={() => void navigate({ search: {}, replace: true })}>
          Clear filters
        </Button>
      )}
    </Group>
  );
}
