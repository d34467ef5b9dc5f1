import { Alert, Table, Text } from '@mantine/core';
import { When, wordsOf } from '@atlas/web';
import { type Import } from './upload';

/** What became of an import. */
export function ImportResult({ of: { failure, summary, finished_at: at } }: { readonly of: Import }) {
  if (failure)
    return (
      <Alert color="red" role="alert" title="Nothing was imported">
        {failure.detail}
      </Alert>
    );
  if (!summary) return null;
  const counts = Object.entries(summary.rows).filter(([, count]) => count > 0);
  return (
    <Alert color="green" role="status" title="The archive is imported">
      <Text size="sm" mb="xs">
        The data of {summary.tenant.slug}, exported <When at={summary.exported_at} />, is here since{' '}
        <When at={at} />.
      </Text>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th ta="right">How many</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {counts.map(([table, count]) => (
            <Table.Tr key={table}>
              <Table.Td>{wordsOf(table)}</Table.Td>
              <Table.Td ta="right">{count.toLocaleString('en')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Alert>
  );
}
