import { Button, Group, Menu, TextInput, Textarea } from '@mantine/core';
import { type ReactNode, useRef } from 'react';

interface TextProps {
  readonly label?: string;
  /** The name of a text without a label that is seen. */
  readonly ariaLabel?: string;
  readonly description?: ReactNode;
  readonly placeholder?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string;
  readonly maxLength?: number;
  readonly required?: boolean;
  /** Several lines. */
  readonly isLong?: boolean;
  /** Code rather than prose. */
  readonly isCode?: boolean;
  /** The parameters that may be inserted. */
  readonly parameters?: readonly string[];
}

/** A text into which parameters can be inserted, which a run replaces by their values. */
export function ParameterText({
  value,
  onChange,
  isLong = false,
  isCode = false,
  parameters = [],
  label,
  ariaLabel,
  ...rest
}: TextProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const line = useRef<HTMLInputElement>(null);
  const insert = (name: string): void => {
    const field = isLong ? area.current : line.current;
    const from = field?.selectionStart ?? value.length;
    const to = field?.selectionEnd ?? value.length;
    onChange(`${value.slice(0, from)}{{${name}}}${value.slice(to)}`);
    field?.focus();
  };
  const styles = isCode ? { input: { fontFamily: 'var(--mantine-font-family-monospace)' } } : {};
  return (
    <div>
      {isLong ? (
        <Textarea
          {...rest}
          label={label}
          aria-label={ariaLabel}
          ref={area}
          autosize
          minRows={2}
          maxRows={20}
          styles={styles}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      ) : (
        <TextInput
          {...rest}
          label={label}
          aria-label={ariaLabel}
          ref={line}
          styles={styles}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
      {parameters.length > 0 && (
        <InsertMenu label={label ?? ariaLabel ?? 'the text'} parameters={parameters} onInsert={insert} />
      )}
    </div>
  );
}

interface InsertMenuProps {
  readonly label: string;
  readonly parameters: readonly string[];
  readonly onInsert: (name: string) => void;
}

function InsertMenu({ label, parameters, onInsert }: InsertMenuProps) {
  return (
    <Group justify="flex-end" mt={4}>
      <Menu position="bottom-end" returnFocus={false}>
        <Menu.Target>
          <Button size="compact-sm" variant="subtle" aria-label={`Insert a parameter into ${label}`}>
            Insert a parameter
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {parameters.map((name) => (
            <Menu.Item key={name} onClick={() => onInsert(name)}>
              {`{{${name}}}`}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
