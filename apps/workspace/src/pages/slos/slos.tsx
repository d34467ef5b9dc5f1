import { Text } from '@mantine/core';
import { type Column, Page, Rows, usePageKeys } from '@atlas/web';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ButtonLink, PageLink } from '../../links';
import { useBarrier } from '../../plan/entitlements';
import { PlanNotice } from '../../plan/plan-notice';
import { useMay } from '../../session';
import { attainmentOf, fastestOf, objectiveOf, rateOf } from '../../slos/numbers';
import { type Slo, sloPages } from '../../slos/slo';
import { BudgetBar, SloStateBadge } from '../../slos/state';
import { NeedsRole } from '../../needs-role';

/** Which promise is about to be broken. */
export function Slos() {
  return (
    <NeedsRole role="fulfiller" title="SLOs">
      <List />
    </NeedsRole>
  );
}

function List() {
  const search = useSearch({ from: '/signed-in/slos' });
  const pages = useInfiniteQuery(sloPages(search));
  const barrier = useBarrier('slos');
  const isOperator = useMay('operator') && barrier === null;
  const navigate = useNavigate();
  usePageKeys({
    n: () => {
      if (isOperator) void navigate({ to: '/slos/new' });
    },
  });
  const isFiltered = (search.service ?? search.ci_id) !== undefined;
  return (
    <Page
      title="SLOs"
      about="How often each service must work. The error budget is how much may still go wrong. A burn rate of
        1× spends exactly the budget in the time it is for."
      actions={isOperator && <Actions />}
    >
      <PlanNotice module="slos" />
      {isFiltered && (
        <Text size="sm" mb="sm">
          Of {search.service ?? 'one configuration item'}. <PageLink to="/slos">Show all</PageLink>
        </Text>
      )}
      <Rows
        label="SLOs"
        pages={pages}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        empty={
          isFiltered
            ? 'It has no objective.'
            : 'No objective yet. Say how often a service must work. Atlas warns before the promise breaks.'
        }
      />
    </Page>
  );
}

function Actions() {
  return (
    <>
      <ButtonLink to="/slos/import" size="xs" variant="default">
        Import OpenSLO
      </ButtonLink>
      <ButtonLink to="/slos/new" size="xs">
        Add an objective
      </ButtonLink>
    </>
  );
}

const UNKNOWN = '–';

const COLUMNS: readonly Column<Slo>[] = [
  {
    name: 'State',
    width: 150,
    cell: ({ status }) => (status ? <SloStateBadge state={status.state} /> : UNKNOWN),
  },
  {
    name: 'Name',
    width: 198,
    cell: ({ id, name }) => (
      <PageLink to="/slos/$id" params={{ id }} size="sm" title={name}>
        {name}
      </PageLink>
    ),
  },
  {
    name: 'Service',
    width: 90,
    cell: ({ service }) =>
      service === null ? (
        UNKNOWN
      ) : (
        <PageLink to="/slos" search={{ service }} size="sm" title={service}>
          {service}
        </PageLink>
      ),
  },
  { name: 'Objective', width: 156, cell: objectiveOf },
  { name: 'Reached', width: 88, cell: ({ status }) => (status ? attainmentOf(status) : UNKNOWN) },
  {
    name: 'Error budget',
    width: 160,
    cell: ({ status }) => (status ? <BudgetBar status={status} /> : UNKNOWN),
  },
  { name: 'Burn rate', width: 106, cell: fastestTextOf },
  { name: 'Source', width: 100, cell: (slo) => <Indicator slo={slo} /> },
];

function fastestTextOf({ status }: Slo): string {
  const rate = status && status.total > 0 ? fastestOf(status) : undefined;
  return rate ? `${rateOf(rate.long_rate)} in ${rate.long}` : UNKNOWN;
}

function Indicator({ slo: { indicator, indicator_error: problem } }: { readonly slo: Slo }) {
  if (indicator.kind === 'events') return 'programs';
  if (problem === null) return 'Prometheus';
  return (
    <Text span size="sm" c="orange" title={problem.detail}>
      ⚠ no data
    </Text>
  );
}
