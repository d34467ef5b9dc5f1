import { Button, Checkbox, Group, Paper, Stack, TextInput, Textarea } from '@mantine/core';
import { type ParameterDraft } from './draft';
import { type Problems } from './draft-problems';

interface ParameterFieldsProps {
  readonly parameter: ParameterDraft;
  readonly onChange: (change: Partial<ParameterDraft>) => void;
  readonly onRemove: () => void;
  /** Where the parameter is, such as `parameters.0`. */
  readonly place: string;
  readonly problems: Problems;
}

/** One value that is asked for before each run. */
export function ParameterFields({ parameter, onChange, onRemove, place, problems }: ParameterFieldsProps) {
  const { name, required, allowed, pattern, secret } = parameter;
  const wrongValue = Object.entries(problems).find(([field]) => field.startsWith(`${place}.enum`))?.[1];
  return (
    <Paper withBorder p="sm">
      <Stack gap="sm">
        <Group align="flex-start" grow preventGrowOverflow={false}>
          <TextInput
            label="Name"
            required
            description="A letter, then letters, digits and _"
            pattern="[A-Za-z][A-Za-z0-9_]{0,59}"
            maxLength={60}
            miw={180}
            placeholder="host"
            value={name}
            onChange={(event) => onChange({ name: event.currentTarget.value })}
            error={problems[`${place}.name`]}
          />
          <Textarea
            label="Allowed values"
            description="One on each line. Empty: any."
            autosize
            maxRows={8}
            miw={180}
            value={allowed}
            onChange={(event) => onChange({ allowed: event.currentTarget.value })}
            error={wrongValue}
          />
          <TextInput
            label="Pattern"
            description="A regular expression (RE2)"
            maxLength={200}
            miw={180}
            placeholder="web-[0-9]+"
            value={pattern}
            onChange={(event) => onChange({ pattern: event.currentTarget.value })}
            error={problems[`${place}.pattern`]}
          />
        </Group>
        <Group justify="space-between">
          <Group>
            <Checkbox
              label="Needed"
              checked={required}
              onChange={(event) => onChange({ required: event.currentTarget.checked })}
            />
            <Checkbox
              label="Secret: never shown"
              checked={secret}
              onChange={(event) => onChange({ secret: event.currentTarget.checked })}
            />
          </Group>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Remove parameter ${name}`}
            onClick={onRemove}
          >
            Remove
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
