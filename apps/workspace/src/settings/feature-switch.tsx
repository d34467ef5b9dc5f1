import { Stack, Switch, Text } from '@mantine/core';
import { useId } from 'react';
import { BarrierText } from '../plan/barrier-text';
import { type Module, useBarrier } from '../plan/entitlements';
import { type AiFeature } from './ai-settings';

interface FeatureSwitchProps {
  readonly feature: AiFeature;
  readonly module: Module;
  readonly label: string;
  readonly about: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

/** Whether an AI may be asked for one thing. The plan may not include it. */
export function FeatureSwitch({ feature, module, label, about, isOn, onChange }: FeatureSwitchProps) {
  const barrier = useBarrier(module);
  const id = useId();
  return (
    <Stack gap={4}>
      <Switch
        name={feature}
        label={label}
        description={about}
        checked={isOn}
        aria-describedby={barrier === null ? undefined : id}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {barrier !== null && (
        <Text size="sm" id={id}>
          {barrier === 'not_in_plan' && 'Your plan does not include this. '}
          <BarrierText barrier={barrier} />
        </Text>
      )}
    </Stack>
  );
}
