import { Table, Text } from '@mantine/core';
import { Page, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api';

/** Counting takes the Control Plane a while. */
const POLL_MS = 60_000;

export function SealingKeys() {
  const { data, error, isPending } = useQuery({
    queryKey: ['sealing-keys'],
    queryFn: () => bodyOf(api.GET('/api/sealing-keys')),
    refetchInterval: POLL_MS,
    staleTime: POLL_MS,
  });
  return (
    <Page
      title="Sealing keys"
      about="They encrypt secrets in the Control Plane’s database. An old key without secrets may be removed."
      error={error}
      isLoading={isPending}
    >
      <Table.ScrollContainer minWidth={500}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Key</Table.Th>
              <Table.Th>Use</Table.Th>
              <Table.Th>Secrets</Table.Th>
              <Table.Th>What to do</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data?.items.map((key) => (
              <Table.Tr key={key.id}>
                <Table.Td>{key.id}</Table.Td>
                <Table.Td>{key.seals ? 'Encrypts new secrets' : 'Only decrypts old secrets'}</Table.Td>
                <Table.Td>{key.values}</Table.Td>
                <Table.Td>
                  {key.is_known ? (
                    adviceOf(key)
                  ) : (
                    <Text size="sm" c="red">
                      Secrets need this key, but it is not configured. Put it back into
                      CONTROL_PLANE_SEALING_KEYS.
                    </Text>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Page>
  );
}

function adviceOf({ seals, values }: { readonly seals: boolean; readonly values: number }): string {
  if (seals) return 'Nothing.';
  return values === 0
    ? 'No secret needs it. Remove it from CONTROL_PLANE_SEALING_KEYS.'
    : `Wait: ${values} secrets are still to be encrypted with the new key.`;
}
