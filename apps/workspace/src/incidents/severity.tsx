import { Select, type SelectProps, Text } from '@mantine/core';
import { Explained, StateBadge } from '@atlas/web';
import { SEVERITIES, SEVERITY_TEXTS, type Severity } from './incident';

/** A severity, and what it means for whoever looks at it. */
export function SeverityBadge({ severity }: { readonly severity: Severity }) {
  return (
    <Explained text={SEVERITY_TEXTS[severity]}>
      <StateBadge state={severity} />
    </Explained>
  );
}

/** The same without a colour. */
export function SeverityName({ severity }: { readonly severity: Severity }) {
  return <Explained text={SEVERITY_TEXTS[severity]}>{severity}</Explained>;
}

interface SeveritySelectProps extends Pick<
  SelectProps,
  'description' | 'disabled' | 'placeholder' | 'clearable' | 'allowDeselect' | 'w'
> {
  readonly value: Severity | null;
  readonly onChange: (severity: Severity | null) => void;
}

/** The options say what each means. */
export function SeveritySelect(props: SeveritySelectProps) {
  return (
    <Select
      label="Severity"
      size="xs"
      data={SEVERITIES}
      maxDropdownHeight={320}
      comboboxProps={{ width: 280, position: 'bottom-start' }}
      renderOption={({ option: { value } }) => <Option severity={value} />}
      {...props}
    />
  );
}

function Option({ severity }: { readonly severity: Severity }) {
  return (
    <div>
      {severity}
      <Text size="xs" c="dimmed">
        {SEVERITY_TEXTS[severity]}
      </Text>
    </div>
  );
}
