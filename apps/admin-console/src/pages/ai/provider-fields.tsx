import { NumberInput, Switch, TagsInput, TextInput } from '@mantine/core';
import { PLAN_NAMES } from '@atlas/web';
import { PLAN_CHOICES } from '../../parts/search';
import { type ProviderValues } from './provider';

const MOST = 1000;

interface ProviderFieldsProps {
  readonly values: ProviderValues;
  readonly onChange: (values: ProviderValues) => void;
  readonly wrong: (field: string) => string | undefined;
}

export function ProviderFields({ values, onChange, wrong }: ProviderFieldsProps) {
  const { name, base_url: url, models, order, enabled } = values;
  return (
    <>
      <TextInput
        label="Name"
        required
        maxLength={100}
        value={name}
        error={wrong('name')}
        onChange={(event) => onChange({ ...values, name: event.currentTarget.value })}
      />
      <TextInput
        label="Address"
        description="Without /chat/completions or /v1/messages. A new host needs its key again."
        type="url"
        required
        value={url}
        error={wrong('base_url')}
        onChange={(event) => onChange({ ...values, base_url: event.currentTarget.value })}
      />
      {PLAN_CHOICES.map((plan) => (
        <TagsInput
          key={plan}
          label={`Models for ${PLAN_NAMES[plan]}`}
          description={
            plan === 'core'
              ? 'Press Enter after each. The first is used for questions that name none.'
              : undefined
          }
          placeholder={models[plan].length === 0 ? 'None: tenants with this plan skip this provider' : ''}
          acceptValueOnBlur
          value={[...models[plan]]}
          error={wrong(`models.${plan}`)}
          onChange={(chosen) => onChange({ ...values, models: { ...models, [plan]: chosen } })}
        />
      ))}
      <NumberInput
        label="Order"
        description="Providers with a lower number are asked first."
        required
        min={0}
        max={MOST}
        allowDecimal={false}
        value={order}
        error={wrong('order')}
        onChange={(value) => onChange({ ...values, order: value })}
      />
      <Switch
        label="Ask this provider"
        checked={enabled}
        onChange={(event) => onChange({ ...values, enabled: event.currentTarget.checked })}
      />
    </>
  );
}
