import { Alert, Code, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { CopyBlock, Facts, Page, ProblemAlert, Section, When, bodyOf, isMissing } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api } from '../../api';
import { PageLink } from '../../links';
import { PlanNotice } from '../../plan/plan-notice';
import { BurnRates } from '../../slos/burn-rates';
import { Charts } from '../../slos/charts';
import { attainmentOf, countOf, percentOf, shareOf } from '../../slos/numbers';
import { type Slo, type SloStatus, oneSlo, sloStatus } from '../../slos/slo';
import { SloStateBadge } from '../../slos/state';
import { NeedsRole } from '../../needs-role';
import { NoSuch } from '../../no-such';
import { SloActions } from './slo-actions';

const WITHIN = [{ to: '/slos', label: 'SLOs' }];
const STALE_MS = 60_000;

/** How much of a promise is left, and how fast it is being spent. */
export function OneSlo() {
  const { id } = useParams({ from: '/signed-in/slos/$id' });
  return (
    <NeedsRole role="fulfiller" title="SLO">
      <Loaded key={id} id={id} />
    </NeedsRole>
  );
}

function Loaded({ id }: { readonly id: string }) {
  const { data: slo, error } = useQuery(oneSlo(id));
  if (isMissing(error))
    return (
      <NoSuch thing="objective" within={WITHIN}>
        <PageLink to="/slos">Go to the SLOs</PageLink>
      </NoSuch>
    );
  if (!slo) return <Page title="SLO" within={WITHIN} error={error} isLoading={!error} />;
  return <Shown slo={slo} error={error} />;
}

function Shown({ slo, error }: { readonly slo: Slo; readonly error: unknown }) {
  const { data: status, error: statusError } = useQuery(sloStatus(slo.id));
  const { name, objective, window_days: days } = slo;
  return (
    <Page title={name} within={WITHIN} error={error} actions={<SloActions slo={slo} />}>
      <Stack gap="xl">
        <Stack gap="xs">
          <PlanNotice module="slos" />
          <Group gap="xs">
            {status && <SloStateBadge state={status.state} />}
            <Text>
              {percentOf(objective)} % must be good in {days} days.{' '}
              {status && <b>{sentenceOf(slo, status)}</b>}
            </Text>
          </Group>
          <Warnings slo={slo} />
          <ProblemAlert error={statusError} />
        </Stack>
        {status && status.total > 0 && (
          <>
            <Numbers slo={slo} status={status} />
            <Section title="Burn rates now">
              <BurnRates rates={status.burn_rates} />
            </Section>
            <Charts slo={slo} status={status} />
          </>
        )}
        <Section title="Where the events come from">
          <Indicator slo={slo} />
        </Section>
      </Stack>
    </Page>
  );
}

function sentenceOf(
  { window_days: days }: Slo,
  { total, budget: { remaining_ratio: left } }: SloStatus,
): string {
  if (total === 0) return `No event was counted in the last ${days} days.`;
  return left < 0
    ? `The error budget is overspent by ${shareOf(-left)}.`
    : `${shareOf(left)} of the error budget is left.`;
}

function Warnings({ slo: { indicator_error: problem, incident_id: incident } }: { readonly slo: Slo }) {
  return (
    <>
      {problem !== null && (
        <Alert color="orange" role="alert" title="Prometheus gives no numbers">
          Since <When at={problem.at} />: {problem.detail} It is asked again every minute.
        </Alert>
      )}
      {incident !== null && (
        <Alert color="red" role="alert" title="The budget is being spent too fast">
          <PageLink to="/incidents/$id" params={{ id: incident }} size="sm">
            Open the incident
          </PageLink>
        </Alert>
      )}
    </>
  );
}

function Numbers({ slo, status }: { readonly slo: Slo; readonly status: SloStatus }) {
  const { good, total, budget } = status;
  const { remaining_ratio: left } = budget;
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }}>
      <Figure
        name="Error budget"
        value={shareOf(Math.abs(left))}
        note={left < 0 ? 'overspent' : 'of it is left'}
      />
      <Figure name="Kept" value={attainmentOf(status)} note={`objective: ${percentOf(slo.objective)} %`} />
      <Figure
        name="Bad events"
        value={countOf(total - good)}
        note={`the budget allows ${countOf(budget.total)}`}
      />
      <Figure name="All events" value={countOf(total)} note={`${countOf(good)} good`} />
    </SimpleGrid>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

function Figure({ name, value, note }: FigureProps) {
  return (
    <div>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text size="xl" fw={700}>
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {note}
      </Text>
    </div>
  );
}

function Indicator({ slo }: { readonly slo: Slo }) {
  const { indicator, service, ci_id: item, created_at: created, updated_at: updated } = slo;
  return (
    <Stack gap="sm">
      <Facts
        facts={[
          ['Counted by', indicator.kind === 'events' ? 'Your programs, which send events' : 'Prometheus'],
          ...(indicator.kind === 'prometheus'
            ? ([
                ['Address', indicator.url],
                ['Good events', <Code key="good">{indicator.good_query}</Code>],
                ['All events', <Code key="total">{indicator.total_query}</Code>],
                ['Headers', Object.keys(indicator.headers ?? {}).join(', ') || 'None'],
              ] as const)
            : []),
          service === null ? null : ['Service', service],
          item === null ? null : ['Affects', <Item key="item" id={item} />],
          ['Added', <When key="added" at={created} />],
          updated === created ? null : ['Changed', <When key="changed" at={updated} />],
        ]}
      />
      {indicator.kind === 'events' && <Command id={slo.id} />}
    </Stack>
  );
}

function Item({ id }: { readonly id: string }) {
  const { data } = useQuery({
    queryKey: ['items', 'one', id],
    queryFn: () => bodyOf(api.GET('/api/cmdb/items/{id}', { params: { path: { id } } })),
    staleTime: STALE_MS,
  });
  return (
    <PageLink to="/cmdb/$id" params={{ id }} size="sm">
      {data?.name ?? 'A configuration item'}
    </PageLink>
  );
}

function Command({ id }: { readonly id: string }) {
  const command = `curl -fsSL '${location.origin}/api/slos/${id}/events' \\
  -H 'authorization: Bearer <data source key>' -H 'content-type: application/json' \\
  -H "idempotency-key: $(date +%s)-$$" -d '{"good": 9990, "total": 10000}'
`;
  return (
    <>
      <Text size="sm">
        Let a program send this, for example every minute. Use the key of any{' '}
        <PageLink to="/data-sources" size="sm">
          data source
        </PageLink>
        . A repeated request with the same idempotency key is counted once.
      </Text>
      <CopyBlock name="the command" text={command} />
    </>
  );
}
