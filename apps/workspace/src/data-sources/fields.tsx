import { NumberInput, TagsInput, TextInput } from '@mantine/core';

const LONGEST_NAME = 200;
const MOST_LABELS = 10;
const LONGEST_WINDOW = 1440;

export interface SourceValues {
  readonly name: string;
  readonly group_by: readonly string[];
  readonly window_minutes: number;
}

export const NEW_SOURCE: SourceValues = { name: '', group_by: ['alertname'], window_minutes: 30 };

interface SourceFieldsProps {
  readonly values: SourceValues;
  readonly onChange: (part: Partial<SourceValues>) => void;
  readonly wrong: (field: string) => string | undefined;
}

/** What can be set when a data source is added, and later. */
export function SourceFields({ values, onChange, wrong }: SourceFieldsProps) {
  return (
    <>
      <TextInput
        label="Name"
        required
        autoFocus
        maxLength={LONGEST_NAME}
        placeholder="Production Alertmanager"
        value={values.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={wrong('name')}
      />
      <TagsInput
        label="Group by"
        description="Alerts with the same values of these labels share an incident. Press Enter after each."
        required={values.group_by.length === 0}
        withAsterisk
        maxTags={MOST_LABELS}
        value={[...values.group_by]}
        onChange={(labels) => onChange({ group_by: labels })}
        error={wrong('group_by')}
      />
      <NumberInput
        label="Reopen within (minutes)"
        description="If a group fires again this soon, its resolved incident is reopened. 0: never."
        required
        min={0}
        max={LONGEST_WINDOW}
        allowDecimal={false}
        allowNegative={false}
        value={values.window_minutes}
        onChange={(value) => onChange({ window_minutes: Number(value) })}
        error={wrong('window_minutes')}
      />
    </>
  );
}
