import { Group, NumberInput, Select } from '@mantine/core';
import { type Span, UNITS, minutesOf } from './spans';

interface SpanInputProps {
  readonly label: string;
  readonly value: Span;
  readonly onChange: (span: Span) => void;
  readonly error?: string;
}

/** A number and its unit. */
export function SpanInput({ label, value, onChange, error }: SpanInputProps) {
  const isWrong = minutesOf(value) === null;
  return (
    <Group gap={4} align="flex-start">
      <NumberInput
        aria-label={label}
        w={80}
        min={1}
        allowDecimal={false}
        allowNegative={false}
        hideControls
        required
        value={value.count}
        onChange={(count) => onChange({ ...value, count })}
        error={error ?? (isWrong && '1 minute to 365 days')}
      />
      <Select
        aria-label={`${label}, unit`}
        w={110}
        allowDeselect={false}
        data={UNITS.map(({ name }) => name)}
        value={value.unit}
        onChange={(name) => {
          const unit = UNITS.find((one) => one.name === name);
          if (unit) onChange({ ...value, unit: unit.name });
        }}
      />
    </Group>
  );
}
