import { Badge, Progress, Table, Text } from '@mantine/core';
import { rateOf } from './numbers';
import { type BurnRate } from './slo';

/** Incidents of the severities that the plane opens for each kind of burn rate. */
const SEVERITIES = { page: 'P2', ticket: 'P3' } as const;

/** How fast the budget is being spent, against what opens an incident. */
export function BurnRates({ rates }: { readonly rates: readonly BurnRate[] }) {
  return (
    <>
      <Text size="sm" c="dimmed">
        A rate of 1× spends exactly the budget within the window. Both rates of a line must exceed its limit
        to open an incident.
      </Text>
      <Table.ScrollContainer minWidth={560}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Long window</Table.Th>
              <Table.Th>Short window</Table.Th>
              <Table.Th>Limit</Table.Th>
              <Table.Th w={180}>Share of the limit</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Opens</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rates.map((rate) => (
              <Rate key={rate.long} rate={rate} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

function Rate({ rate }: { readonly rate: BurnRate }) {
  const { severity, long, short, factor, long_rate: longRate, short_rate: shortRate, firing } = rate;
  // Only as much counts as both have.
  const share = Math.min(longRate, shortRate) / factor;
  return (
    <Table.Tr>
      <Table.Td>
        {rateOf(longRate)} in {long}
      </Table.Td>
      <Table.Td>
        {rateOf(shortRate)} in {short}
      </Table.Td>
      <Table.Td>{rateOf(factor)}</Table.Td>
      <Table.Td>
        <Progress
          value={Math.min(100, share * 100)}
          color={firing ? 'red' : 'blue'}
          aria-label={`Burn rates of ${long} and ${short}: ${Math.round(share * 100)} % of the limit`}
        />
        <Text size="xs" c="dimmed">
          {Math.round(share * 100)} %
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={firing ? 'red' : 'green'} tt="none">
          {firing ? 'firing' : 'quiet'}
        </Badge>
      </Table.Td>
      <Table.Td>{SEVERITIES[severity]}</Table.Td>
    </Table.Tr>
  );
}
