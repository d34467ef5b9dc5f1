import { Text } from '@mantine/core';
import { ProblemAlert } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode } from 'react';
import { BarrierText } from '../plan/barrier-text';
import { type Module, useBarrier } from '../plan/entitlements';
import { PlanLink } from '../plan/plan-link';
import { type AiFeature, type AiSettings, aiSettings, isAllowed } from '../settings/ai-settings';
import { AiSettingsLink } from './ai-refusal';

interface MayAskProps {
  readonly feature: AiFeature;
  readonly module: Module;
  readonly children: (settings: AiSettings) => ReactNode;
}

/** Says why an AI cannot be asked for it, if that is known before. */
export function MayAsk({ feature, module, children }: MayAskProps) {
  const { data, error } = useQuery(aiSettings);
  const barrier = useBarrier(module);
  if (!data) return <ProblemAlert error={error} />;
  const { stored: settings } = data;
  if (barrier !== null)
    return (
      <Text size="sm">
        {barrier === 'not_in_plan' && 'Your plan does not include this. '}
        <BarrierText barrier={barrier} />
        <PlanLink />
      </Text>
    );
  if (!isAllowed(settings, feature))
    return (
      <Text size="sm">
        {settings.allow_control_plane ? 'This is not allowed here.' : 'AI is off here.'} <AiSettingsLink />
      </Text>
    );
  return children(settings);
}
