import { Button, Group, Input, PasswordInput, Stack, TextInput } from '@mantine/core';
import { type PairDraft, newPair } from './draft';
import { ParameterText } from './insert-parameter';
import { isCredentialHeader } from './runbook';

interface PairsFieldProps {
  readonly label: string;
  readonly description?: string;
  /** What one is, such as "label". */
  readonly one: string;
  readonly pairs: readonly PairDraft[];
  readonly onChange: (pairs: readonly PairDraft[]) => void;
  readonly error?: string;
  /** The parameters that may be inserted into values. */
  readonly parameters?: readonly string[];
  /** Hides the values of headers with credentials. */
  readonly areHeaders?: boolean;
}

/** Names with values, such as headers and labels. */
export function PairsField({
  label,
  description,
  one,
  pairs,
  onChange,
  error,
  parameters,
  areHeaders = false,
}: PairsFieldProps) {
  const change = (key: string, part: Partial<PairDraft>): void =>
    onChange(pairs.map((pair) => (pair.key === key ? { ...pair, ...part } : pair)));
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <Stack gap="xs" mt={4}>
        {pairs.map((pair, index) => {
          const { key, name, value, isKept } = pair;
          const place = `${one} ${index + 1}`;
          return (
            <Group key={key} gap="xs" align="flex-start">
              <TextInput
                aria-label={`Name of ${place}`}
                placeholder="Name"
                maxLength={100}
                flex="1 1 140px"
                value={name}
                error={error !== undefined}
                onChange={(event) => change(key, { name: event.currentTarget.value })}
              />
              <div style={{ flex: '2 1 200px' }}>
                {areHeaders && isCredentialHeader(name) ? (
                  <PasswordInput
                    aria-label={`Value of ${place}`}
                    placeholder={isKept === true ? 'The stored value is kept' : 'Value, stored encrypted'}
                    autoComplete="off"
                    maxLength={2000}
                    value={value}
                    onChange={(event) => change(key, { value: event.currentTarget.value })}
                  />
                ) : (
                  <ParameterText
                    ariaLabel={`Value of ${place}`}
                    placeholder="Value"
                    maxLength={2000}
                    value={value}
                    onChange={(text) => change(key, { value: text })}
                    parameters={parameters}
                  />
                )}
              </div>
              <Button
                variant="default"
                aria-label={`Remove ${place}`}
                onClick={() => onChange(pairs.filter((other) => other.key !== key))}
              >
                Remove
              </Button>
            </Group>
          );
        })}
        <Group>
          <Button size="compact-sm" variant="default" onClick={() => onChange([...pairs, newPair()])}>
            Add a {one}
          </Button>
        </Group>
      </Stack>
    </Input.Wrapper>
  );
}
