import { ActionIcon, Button, Fieldset, Group, Stack, Text, TextInput, Textarea } from '@mantine/core';
import {
  type AttributeRow,
  type AttributesDraft,
  attributesOf,
  jsonOf,
  rowOf,
  rowsOf,
  textOfValue,
} from './attributes';

interface AttributesFieldProps {
  readonly value: AttributesDraft;
  readonly onChange: (value: AttributesDraft) => void;
  readonly error?: string;
}

/** Free facts about an item: names and values, or JSON. */
export function AttributesField({ value, onChange, error }: AttributesFieldProps) {
  const attributes = attributesOf(value);
  const isWrong = typeof attributes === 'string';
  // Names that are missing while rows are being filled in are no mistake yet.
  const shown = error ?? (isWrong && value.as === 'json' ? attributes : undefined);
  const turn = (): void => {
    if (!isWrong) onChange(value.as === 'rows' ? jsonOf(attributes) : rowsOf(attributes));
  };
  return (
    <Fieldset legend="Attributes" variant="default">
      <Stack gap="xs">
        {value.as === 'json' ? (
          <Textarea
            label="Attributes as JSON"
            autosize
            minRows={4}
            maxRows={20}
            spellCheck={false}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            value={value.text}
            onChange={(event) => onChange({ as: 'json', text: event.currentTarget.value })}
          />
        ) : (
          <AttributeRows rows={value.rows} onChange={(rows) => onChange({ as: 'rows', rows })} />
        )}
        {shown !== undefined && (
          <Text size="sm" c="red" role="alert">
            {shown}
          </Text>
        )}
        <Group gap="xs">
          {value.as === 'rows' && (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => onChange({ as: 'rows', rows: [...value.rows, rowOf('', '')] })}
            >
              Add an attribute
            </Button>
          )}
          {!isWrong && (
            <Button size="compact-sm" variant="subtle" onClick={turn}>
              {value.as === 'rows' ? 'Edit as JSON' : 'Edit as fields'}
            </Button>
          )}
        </Group>
      </Stack>
    </Fieldset>
  );
}

interface AttributeRowsProps {
  readonly rows: readonly AttributeRow[];
  readonly onChange: (rows: readonly AttributeRow[]) => void;
}

function AttributeRows({ rows, onChange }: AttributeRowsProps) {
  const replace = (row: AttributeRow): void => onChange(rows.map((one) => (one.id === row.id ? row : one)));
  if (rows.length === 0)
    return (
      <Text size="sm" c="dimmed">
        None. Add what people need to know, such as an address or an owner.
      </Text>
    );
  return rows.map((row, index) => (
    <Group key={row.id} gap="xs" wrap="nowrap" align="flex-end">
      <TextInput
        label={index === 0 ? 'Name' : undefined}
        aria-label={`Name of attribute ${index + 1}`}
        flex={2}
        maxLength={100}
        value={row.name}
        onChange={(event) => replace({ ...row, name: event.currentTarget.value })}
      />
      <TextInput
        label={index === 0 ? 'Value' : undefined}
        aria-label={`Value of attribute ${index + 1}`}
        flex={3}
        maxLength={4000}
        readOnly={typeof row.value !== 'string'}
        title={typeof row.value === 'string' ? undefined : 'Not a text. Change it as JSON.'}
        value={textOfValue(row.value)}
        onChange={(event) => replace({ ...row, value: event.currentTarget.value })}
      />
      <ActionIcon
        variant="default"
        size="input-sm"
        aria-label={`Remove attribute ${row.name || index + 1}`}
        onClick={() => onChange(rows.filter(({ id }) => id !== row.id))}
      >
        <span aria-hidden>×</span>
      </ActionIcon>
    </Group>
  ));
}
