import { Code, Stack, Table, Text } from '@mantine/core';
import { CLASS_NAMES, CONTENTS, DESTINATIONS, type EgressClass } from './residency';

/** The kinds of calls that may leave, and what each may contain. */
export function Classes({ classes }: { readonly classes: readonly EgressClass[] }) {
  return (
    <Table aria-label="What may leave" verticalSpacing="sm" layout="fixed">
      <Table.Tbody>
        {classes.map((one) => (
          <Table.Tr key={one.class} style={{ verticalAlign: 'top' }}>
            <Table.Th scope="row" fw={500} w={{ base: 130, sm: 220 }}>
              {CLASS_NAMES[one.class]}
            </Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>
              <OneClass of={one} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function OneClass({
  of: { purpose, destination, contents, needs_consent, in_ledger, fields },
}: OneClassProps) {
  return (
    <Stack gap={4}>
      <Text size="sm">{purpose}</Text>
      <Text size="sm" c="dimmed">
        To {DESTINATIONS[destination]}. Your data: {CONTENTS[contents]}.
        {needs_consent && ' Only if an admin has agreed.'}
        {!in_ledger && ' Not in your ledger, because it concerns the plane and not you.'}
      </Text>
      <Text size="sm" component="details">
        <summary>{fields.length === 1 ? '1 field' : `${fields.length} fields`}</summary>
        {fields.map((field) => (
          <Code key={field} mr={4}>
            {field}
          </Code>
        ))}
      </Text>
    </Stack>
  );
}

interface OneClassProps {
  readonly of: EgressClass;
}
