import { Text } from '@mantine/core';
import { useNow } from '@atlas/web';
import { type Incident } from './incident';
import { slaTextOf } from './sla';

const REDRAW_MS = 30_000;

export function SlaCell({ incident }: { readonly incident: Incident }) {
  const { text, color } = slaTextOf(incident, useNow(REDRAW_MS));
  return (
    <Text span size="sm" c={color} fw={color === 'red' ? 600 : undefined}>
      {text}
    </Text>
  );
}
