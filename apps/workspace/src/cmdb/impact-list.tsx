import { Button, Stack, Table } from '@mantine/core';
import { useState } from 'react';
import { PageLink } from '../links';
import { ImpactBadge } from './impact-badge';
import { CriticalityBadge } from './criticality-badge';
import { type Direction } from './item-search';
import { type Impact } from './use-impact';

const ROWS = 50;

interface ImpactListProps {
  readonly impact: Impact;
  readonly direction: Direction;
  readonly onCentre: (id: string) => void;
}

/** The same as the picture, as a table. */
export function ImpactList({ impact: { items }, direction, onCentre }: ImpactListProps) {
  const [count, setCount] = useState(ROWS);
  const left = items.length - count;
  return (
    <Stack gap="xs">
      <Table.ScrollContainer minWidth={780}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th w={160}>{direction === 'dependents' ? 'Then it is' : 'Its outage'}</Table.Th>
              <Table.Th w={110}>Criticality</Table.Th>
              <Table.Th w={120}>Steps away</Table.Th>
              <Table.Th>Type</Table.Th>
              <Table.Th w={150}>Map</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.slice(0, count).map(({ id, name, type, state, criticality, depth }) => (
              <Table.Tr key={id}>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  <PageLink to="/cmdb/$id" params={{ id }} size="sm">
                    {name}
                  </PageLink>
                </Table.Td>
                <Table.Td>
                  <ImpactBadge state={state} direction={direction} />
                </Table.Td>
                <Table.Td>
                  <CriticalityBadge criticality={criticality} />
                </Table.Td>
                <Table.Td>{depth}</Table.Td>
                <Table.Td>{type}</Table.Td>
                <Table.Td>
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Look from here: ${name}`}
                    onClick={() => onCentre(id)}
                  >
                    Look from here
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {left > 0 && (
        <div>
          <Button size="compact-sm" variant="default" onClick={() => setCount(count + 4 * ROWS)}>
            Show more ({left} left)
          </Button>
        </div>
      )}
    </Stack>
  );
}
