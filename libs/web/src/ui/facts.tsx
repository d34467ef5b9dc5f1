import { Table } from '@mantine/core';
import { type ReactNode } from 'react';

type Fact = readonly [name: string, value: ReactNode];

/** What is known about something, one fact per line. */
export function Facts({ facts }: { readonly facts: readonly (Fact | null)[] }) {
  return (
    <Table variant="vertical" withRowBorders={false} verticalSpacing={4} layout="auto">
      <Table.Tbody>
        {facts
          .filter((fact) => fact !== null)
          .map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" w={{ base: 110, xs: 160 }} fw={500}>
                {name}
              </Table.Th>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  );
}
