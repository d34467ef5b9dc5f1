import { Button, Group, Loader, SegmentedControl, Stack, Table, Text, Title } from '@mantine/core';
import { ProblemAlert, Section, oneOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useMemo, useState } from 'react';
import { Chart, type Drawing, type LineStyle } from './chart';
import { countOf, rateOf } from './numbers';
import { RANGES, type RangeSearch } from './ranges';
import { type Series, seriesOf, sloSeries } from './series';
import { type Slo, type SloStatus } from './slo';

const BURN_LINES: readonly { readonly color: string; readonly style: LineStyle }[] = [
  { color: 'red', style: 'solid' },
  { color: 'orange', style: 'dashed' },
  { color: 'indigo', style: 'dotted' },
];
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const rounded = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

interface ChartsProps {
  readonly slo: Slo;
  readonly status: SloStatus;
}

/** The budget, the bad events and the burn rates over time, as charts or as a table. */
export function Charts({ slo, status }: ChartsProps) {
  const search = useSearch({ from: '/signed-in/slos/$id' });
  const { data, error } = useQuery(sloSeries(slo, search));
  const [isTable, setIsTable] = useState(false);
  const { burn_rates: rates } = status;
  const { objective } = slo;
  const series = useMemo(() => data && seriesOf(data, rates, objective), [data, rates, objective]);
  return (
    <Section
      title="Over time"
      actions={
        <Button size="compact-sm" variant="default" onClick={() => setIsTable(!isTable)}>
          {isTable ? 'Show as charts' : 'Show as a table'}
        </Button>
      }
    >
      <RangeChoice slo={slo} search={search} />
      <ProblemAlert error={error} />
      {!series && !error && <Loader size="sm" aria-label="Loading" />}
      {series && (isTable ? <SeriesTable series={series} /> : <Drawn series={series} />)}
    </Section>
  );
}

function RangeChoice({ slo, search }: { readonly slo: Slo; readonly search: RangeSearch }) {
  const navigate = useNavigate({ from: '/slos/$id' });
  const { range = 'window', from, to } = search;
  const isZoomed = from !== undefined && to !== undefined;
  const labels = {
    '1h': '1 hour',
    '6h': '6 hours',
    '1d': '1 day',
    window: `${slo.window_days} days`,
  } as const;
  return (
    <Group gap="sm">
      <SegmentedControl
        aria-label="How far back"
        size="xs"
        data={RANGES.map((value) => ({ value, label: labels[value] }))}
        value={isZoomed ? '' : range}
        onChange={(value) => {
          const to = oneOf(RANGES, value);
          void navigate({ search: { range: to === 'window' ? undefined : to }, replace: true });
        }}
      />
      {isZoomed ? (
        <>
          <Text size="sm">
            {exact.format(new Date(from))} to {exact.format(new Date(to))}
          </Text>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => void navigate({ search: { range: search.range } })}
          >
            Zoom out
          </Button>
        </>
      ) : (
        <Text size="xs" c="dimmed">
          Drag over a chart to zoom in.
        </Text>
      )}
    </Group>
  );
}

function useZoom(): (from: number, to: number) => void {
  const navigate = useNavigate({ from: '/slos/$id' });
  return (from, to) => {
    const times = { from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() };
    void navigate({ search: (old) => ({ ...old, ...times }), resetScroll: false });
  };
}

function percentTextOf(value: number): string {
  return `${rounded.format(value)} %`;
}

function Drawn({ series }: { readonly series: Series }) {
  const zoom = useZoom();
  const { budget, events, burn } = useMemo(() => drawingsOf(series), [series]);
  const last = series.groups.at(-1);
  const bad = series.groups.reduce((sum, { good, total }) => sum + total - good, 0);
  const left = last?.remaining ?? null;
  return (
    <Stack gap="lg">
      <Titled title="Error budget left">
        <Chart
          label={`The error budget that is left, over time. ${
            left === null ? 'It is not known at the end.' : `At the end: ${percentTextOf(left)}.`
          }`}
          drawing={budget}
          onZoom={zoom}
        />
      </Titled>
      <Titled title="Bad events">
        <Chart label={`Bad events, over time: ${countOf(bad)} in all.`} drawing={events} onZoom={zoom} />
      </Titled>
      <Titled title="Burn rates">
        <Chart
          label={`How fast the budget was spent, over time. ${burnTextOf(series)}`}
          drawing={burn}
          onZoom={zoom}
        />
        {series.burns.some(({ rates }) => rates.every((rate) => rate === null)) && (
          <Text size="xs" c="dimmed">
            Choose a shorter time to see the burn rates of the shortest windows, too.
          </Text>
        )}
      </Titled>
    </Stack>
  );
}

function burnTextOf({ burns, groups }: Series): string {
  const rates = groups.at(-1)?.rates ?? [];
  return burns
    .map(({ long }, index) => `At the end, over ${long}: ${rateTextOf(rates[index] ?? null)}.`)
    .join(' ');
}

function rateTextOf(rate: number | null): string {
  return rate === null ? '–' : rateOf(rate);
}

interface TitledProps {
  readonly title: string;
  readonly children: ReactNode;
}

function Titled({ title, children }: TitledProps) {
  return (
    <div>
      <Title order={3} size="h6" mb={4}>
        {title}
      </Title>
      {children}
    </div>
  );
}

interface Drawings {
  readonly budget: Drawing;
  readonly events: Drawing;
  readonly burn: Drawing;
}

function drawingsOf({ times, remaining, burns, groups }: Series): Drawings {
  const span = [times[0] ?? 0, times.at(-1) ?? 0] as const;
  return {
    budget: {
      times,
      lines: [{ label: 'Budget left', color: 'indigo', values: remaining }],
      limits: [{ at: 0, color: 'red', label: 'used up' }],
      span,
      least: [0, 100],
      format: percentTextOf,
    },
    events: {
      times: groups.map(({ end }) => end),
      lines: [
        {
          label: 'Bad events',
          color: 'red',
          values: groups.map(({ good, total }) => total - good),
          isBars: true,
        },
      ],
      span,
      least: [0, 1],
      format: countOf,
    },
    burn: {
      times,
      lines: burns.map(({ long, rates }, index) => ({
        label: `Over ${long}`,
        color: BURN_LINES[index]?.color ?? 'gray',
        values: rates,
        style: BURN_LINES[index]?.style,
      })),
      limits: burns.map(({ long, factor }, index) => ({
        at: factor,
        color: BURN_LINES[index]?.color ?? 'gray',
        label: `limit over ${long}`,
      })),
      span,
      least: [0, 1.5],
      format: rateOf,
    },
  };
}

function SeriesTable({ series: { burns, groups } }: { readonly series: Series }) {
  return (
    <Table.ScrollContainer minWidth={640} maxHeight={480}>
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Until</Table.Th>
            <Table.Th>Events</Table.Th>
            <Table.Th>Bad</Table.Th>
            <Table.Th>Budget left</Table.Th>
            {burns.map(({ long }) => (
              <Table.Th key={long}>Burn over {long}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {groups.toReversed().map(({ end, good, total, remaining, rates }) => (
            <Table.Tr key={end}>
              <Table.Th scope="row" fw={400}>
                {exact.format(new Date(end * 1000))}
              </Table.Th>
              <Table.Td>{countOf(total)}</Table.Td>
              <Table.Td>{countOf(total - good)}</Table.Td>
              <Table.Td>{remaining === null ? 'not known' : percentTextOf(remaining)}</Table.Td>
              {burns.map(({ long }, index) => (
                <Table.Td key={long}>{rateTextOf(rates[index] ?? null)}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
