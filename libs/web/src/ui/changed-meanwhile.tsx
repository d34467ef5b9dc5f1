import { Alert, Button, Group, Table, Text } from '@mantine/core';
import { hashKey } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

/** How each field of a form is named, and its value as text. */
export type FieldTexts<Values> = readonly (readonly [label: string, textOf: (values: Values) => string])[];

/** What each field says, to compare. */
export function textsOf<Values>(fields: FieldTexts<Values>): (values: Values) => readonly string[] {
  return (values) => fields.map(([, textOf]) => textOf(values));
}

interface ChangedMeanwhileProps<Values> {
  /** What was changed, such as "Ann". */
  readonly name: string;
  readonly fields: FieldTexts<Values>;
  readonly theirs: Values;
  readonly yours: Values;
  /** What the form was filled from, if it sends only what differs from that. */
  readonly before?: Values;
  readonly onKeepTheirs: () => void;
}

const NOTHING = '–';

/** Says what somebody else has saved while a form was open. */
export function ChangedMeanwhile<Values>(props: ChangedMeanwhileProps<Values>) {
  const { name, theirs, onKeepTheirs } = props;
  const version = hashKey([theirs]);
  const box = useRef<HTMLDivElement>(null);
  // It may be out of view, also when they have saved once more.
  useEffect(() => {
    // Some browsers return a promise.
    void box.current?.scrollIntoView({ block: 'center' });
  }, [version]);
  const rows = rowsOf(props);
  return (
    <Alert
      ref={box}
      color="orange"
      role="group"
      // The table changes with each key that is pressed, and is not read out each time.
      title={
        <span key={version} role="alert">
          {name} was changed meanwhile
        </span>
      }
    >
      {rows.length === 0 ? (
        <Text size="sm">It now says what you have entered.</Text>
      ) : (
        <>
          <Table layout="fixed" mb="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Field</Table.Th>
                <Table.Th>Theirs</Table.Th>
                <Table.Th>Yours</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(([label, theirs, yours]) => (
                <Table.Tr key={label} style={{ verticalAlign: 'top', overflowWrap: 'anywhere' }}>
                  <Table.Th scope="row">{label}</Table.Th>
                  <Table.Td>{theirs || NOTHING}</Table.Td>
                  <Table.Td>{yours || NOTHING}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <Text size="sm">
            “Save mine” replaces {props.before === undefined ? 'theirs' : 'only what you have changed'}.
          </Text>
        </>
      )}
      <Group mt="xs">
        <Button variant="default" size="xs" onClick={onKeepTheirs}>
          Keep theirs
        </Button>
      </Group>
    </Alert>
  );
}

type Row = readonly [label: string, theirs: string, yours: string];

function rowsOf<Values>({ fields, theirs, yours, before }: ChangedMeanwhileProps<Values>): readonly Row[] {
  return fields.flatMap(([label, textOf]): Row[] => {
    const [their, your] = [textOf(theirs), textOf(yours)];
    if (their === your) return [];
    const isUntouched = before !== undefined && textOf(before) === your;
    return [[label, their, isUntouched ? 'not changed' : your]];
  });
}
