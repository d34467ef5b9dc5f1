import { NumberInput, Radio, Stack, TextInput } from '@mantine/core';
import { KeyField } from '@atlas/web';
import { type AiValues, type EndpointUse } from './ai-settings';

interface EndpointFieldsProps {
  readonly values: AiValues;
  readonly onChange: (part: Partial<AiValues>) => void;
  readonly wrong: (field: string) => string | undefined;
}

const LONGEST_ADDRESS = 500;
const LONGEST_MODEL = 200;
const MOST_SECONDS = 100;

/** How a tenant's own AI is reached. */
export function EndpointFields({ values, onChange, wrong }: EndpointFieldsProps) {
  return (
    <Stack gap="sm">
      <TextInput
        label="Address"
        description="The part before /chat/completions. The AI has to speak OpenAI’s protocol."
        placeholder="https://llm.example.com/v1"
        type="url"
        required
        autoComplete="off"
        spellCheck={false}
        maxLength={LONGEST_ADDRESS}
        value={values.base_url}
        onChange={(event) => onChange({ base_url: event.currentTarget.value })}
        error={wrong('base_url')}
      />
      <TextInput
        label="Model"
        required
        autoComplete="off"
        spellCheck={false}
        maxLength={LONGEST_MODEL}
        value={values.model}
        onChange={(event) => onChange({ model: event.currentTarget.value })}
        error={wrong('model')}
      />
      <KeyField
        hasKey={values.hasKey}
        value={values.key}
        onChange={(key) => onChange({ key })}
        error={wrong('api_key')}
      />
      <Radio.Group
        label="When it is asked"
        value={values.use}
        onChange={(use) => onChange({ use: use as EndpointUse })}
        error={wrong('use')}
      >
        <Stack gap="xs" mt="xs">
          <Radio
            value="fallback"
            label="As a fallback"
            description="When the Control Plane cannot be reached, or has no answer."
          />
          <Radio
            value="only"
            label="Always"
            description="No question goes to the Control Plane, and no credits are used."
          />
        </Stack>
      </Radio.Group>
      <NumberInput
        label="Longest wait for an answer, in seconds"
        required
        min={1}
        max={MOST_SECONDS}
        allowDecimal={false}
        maw={320}
        value={values.timeout_seconds}
        onChange={(seconds) => onChange({ timeout_seconds: seconds })}
        error={wrong('timeout_seconds')}
      />
    </Stack>
  );
}
