import { Table, Text } from '@mantine/core';
import { textOfValue } from '../../../cmdb/attributes';
import { type Attributes as Values } from '../../../cmdb/item';

interface AttributesProps {
  readonly attributes: Values;
  readonly mayChange: boolean;
}

export function Attributes({ attributes, mayChange }: AttributesProps) {
  const entries = Object.entries(attributes);
  if (entries.length === 0)
    return (
      <Text size="sm" c="dimmed">
        None{mayChange && '. Edit the item to add what people need to know about it'}.
      </Text>
    );
  return (
    <Table variant="vertical" layout="fixed">
      <Table.Tbody>
        {entries.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w="40%" scope="row" style={{ overflowWrap: 'anywhere' }}>
              {name}
            </Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
              {textOfValue(value)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
