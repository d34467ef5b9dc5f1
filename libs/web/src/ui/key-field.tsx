import { Button, Group, PasswordInput, Text } from '@mantine/core';

interface KeyFieldProps {
  readonly hasKey: boolean;
  /** Undefined: it stays as it is. Null: it is removed. */
  readonly value: string | null | undefined;
  readonly onChange: (value: string | null | undefined) => void;
  readonly error: string | undefined;
}

/** Says whether a key is stored, and replaces or removes it. The key itself is never shown. */
export function KeyField({ hasKey, value, onChange, error }: KeyFieldProps) {
  if (typeof value === 'string')
    return (
      <Group align="flex-end" gap="xs">
        <PasswordInput
          label="New API key"
          required
          autoFocus
          autoComplete="off"
          style={{ flex: 1 }}
          value={value}
          error={error}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
        <Keep hasKey={hasKey} onChange={onChange} />
      </Group>
    );
  return (
    <div>
      <Group gap="xs">
        <Text size="sm">{textOf(hasKey, value === null)}</Text>
        {value === null ? (
          <Keep hasKey={hasKey} onChange={onChange} />
        ) : (
          <>
            <Button variant="default" size="compact-xs" onClick={() => onChange('')}>
              {hasKey ? 'Replace the key' : 'Set a key'}
            </Button>
            {hasKey && (
              <Button variant="default" size="compact-xs" onClick={() => onChange(null)}>
                Remove the key
              </Button>
            )}
          </>
        )}
      </Group>
      {error !== undefined && (
        <Text size="xs" c="red" role="alert">
          {error}
        </Text>
      )}
    </div>
  );
}

function textOf(hasKey: boolean, isRemoved: boolean): string {
  if (isRemoved) return 'The key is removed when you save.';
  return hasKey ? 'Key set. It is never shown.' : 'No key is set.';
}

function Keep({ hasKey, onChange }: Pick<KeyFieldProps, 'hasKey' | 'onChange'>) {
  return (
    <Button variant="default" size="compact-xs" mb={6} onClick={() => onChange(undefined)}>
      {hasKey ? 'Keep the old key' : 'No key'}
    </Button>
  );
}
