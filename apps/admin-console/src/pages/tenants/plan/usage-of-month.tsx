import { Button, Group, Loader, Stack, Table, Text } from '@mantine/core';
import { Bar, type ControlPlaneSchemas, ProblemAlert, Section, bodyOf, wordsOf } from '@atlas/web';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../../api';
import { type Tenant } from '../../../parts/types';
import { monthBefore, monthName, monthOf } from './months';

type Usage = ControlPlaneSchemas['schemas']['UsageView'];

/** What the tenant's plane has metered, by day, and what of its AI credits is used. */
export function UsageOfMonth({ tenant }: { readonly tenant: Tenant }) {
  const now = monthOf(new Date());
  const [month, setMonth] = useState(now);
  const usage = useQuery({
    queryKey: ['usage', tenant.id, month],
    queryFn: () =>
      bodyOf(api.GET('/api/tenants/{id}/usage', { params: { path: { id: tenant.id }, query: { month } } })),
    placeholderData: keepPreviousData,
  });
  return (
    <Section
      title={`Usage in ${monthName(month)}`}
      actions={
        <Group gap="xs">
          <Button variant="default" size="xs" onClick={() => setMonth(monthBefore(month))}>
            Month before
          </Button>
          {month !== now && (
            <Button variant="default" size="xs" onClick={() => setMonth(now)}>
              This month
            </Button>
          )}
        </Group>
      }
    >
      <Credits tenantId={tenant.id} month={month} />
      <ProblemAlert error={usage.error} />
      {usage.isPending && <Loader aria-label="Loading" size="sm" />}
      {usage.data && <Days usage={usage.data} />}
    </Section>
  );
}

function Days({ usage: { days, total } }: { readonly usage: Usage }) {
  const meters = Object.keys(total).sort();
  if (days.length === 0)
    return (
      <Text size="sm" c="dimmed">
        The plane has reported nothing for this month. A plane without a connection never reports.
      </Text>
    );
  const most = Object.fromEntries(
    meters.map((meter) => [meter, Math.max(...days.map(({ amounts }) => amounts[meter] ?? 0))]),
  );
  return (
    <Stack gap="xs">
      <Table.ScrollContainer minWidth={120 * (meters.length + 1)} scrollAreaProps={{ tabIndex: 0 }}>
        <Table layout="fixed" stickyHeader aria-label="Usage by day">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={110}>Day (UTC)</Table.Th>
              {meters.map((meter) => (
                <Table.Th key={meter}>{wordsOf(meter)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {days.map(({ day, amounts }) => (
              <Table.Tr key={day}>
                <Table.Th scope="row" fw={500}>
                  {day}
                </Table.Th>
                {meters.map((meter) => (
                  <Table.Td key={meter}>
                    {(amounts[meter] ?? 0).toLocaleString('en')}
                    <Bar of={amounts[meter] ?? 0} most={most[meter] ?? 0} />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr>
              <Table.Th scope="row">Total</Table.Th>
              {meters.map((meter) => (
                <Table.Th key={meter}>{total[meter]?.toLocaleString('en')}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}

function Credits({ tenantId, month }: { readonly tenantId: string; readonly month: string }) {
  const { data, error } = useQuery({
    queryKey: ['ai-usage', tenantId, month],
    queryFn: () => bodyOf(api.GET('/api/ai/usage', { params: { query: { tenant_id: tenantId, month } } })),
    placeholderData: keepPreviousData,
  });
  if (error) return <ProblemAlert error={error} />;
  if (!data) return null;
  const { credits_used: used, credits_limit: limit, credits_reserved: reserved, questions } = data;
  return (
    <Stack gap={4} maw={640}>
      <Text size="sm">
        AI: {amountOf(used)} of {amountOf(limit)} credits are used, for {amountOf(questions)}{' '}
        {questions === 1 ? 'question' : 'questions'}.
        {reserved > 0 && ` ${amountOf(reserved)} are reserved for questions that are being answered.`}
      </Text>
      <Bar of={used + reserved} most={limit} />
    </Stack>
  );
}

function amountOf(count: number): string {
  return count.toLocaleString('en', { maximumFractionDigits: 1 });
}
