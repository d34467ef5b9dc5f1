import { Code, Drawer, Stack, Table, Text } from '@mantine/core';
import { CopyBlock, Facts, When } from '@atlas/web';
import { type ReactNode } from 'react';
import { type Entry, differencesOf } from './entry';
import { Actor, Target } from './names';

interface DetailsProps {
  readonly entry: Entry;
  readonly onClose: () => void;
}

export function Details({ entry, onClose }: DetailsProps) {
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'When',
      <>
        <When at={entry.at} /> ({new Date(entry.at).toLocaleString('en')})
      </>,
    ],
    ['Who', <Actor entry={entry} />],
    ['On', <Target entry={entry} />],
    ['From', entry.ip ?? '–'],
    ['Entry', <Code>{entry.id}</Code>],
  ];
  return (
    <Drawer opened onClose={onClose} title={entry.action} position="right" size="lg">
      <Stack>
        <Facts facts={facts} />
        <Changes entry={entry} />
        {entry.trace_id !== null && (
          <div>
            <Text size="sm">The logs of this deployment name this request by its trace:</Text>
            <CopyBlock name="the trace" text={entry.trace_id} />
          </div>
        )}
      </Stack>
    </Drawer>
  );
}

function Changes({ entry }: { readonly entry: Entry }) {
  const differences = differencesOf(entry);
  if (differences.length === 0)
    return (
      <Text size="sm" c="dimmed">
        The entry names no values.
      </Text>
    );
  return (
    <Table layout="fixed" verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          {['Field', 'Before', 'After'].map((name) => (
            <Table.Th key={name}>{name}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {differences.map(({ field, before, after, isChanged }) => (
          <Table.Tr key={field} style={{ verticalAlign: 'top', overflowWrap: 'anywhere' }}>
            <Table.Th scope="row" fw={isChanged ? 700 : 400}>
              {field}
            </Table.Th>
            <Value text={before} />
            <Value text={after} />
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Value({ text }: { readonly text: string }) {
  return (
    <Table.Td>
      {text === '' ? (
        <Text size="sm" c="dimmed" span>
          none
        </Text>
      ) : (
        <Text size="sm" span style={{ whiteSpace: 'pre-wrap' }}>
          {text}
        </Text>
      )}
    </Table.Td>
  );
}
