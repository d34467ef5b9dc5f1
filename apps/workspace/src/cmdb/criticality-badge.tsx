import { Badge, type MantineColor } from '@mantine/core';
import { type Criticality } from './item';

const COLORS: Readonly<Record<Criticality, MantineColor>> = { high: 'red', medium: 'gray', low: 'gray' };

/** How much an item matters. Only a high one stands out. */
export function CriticalityBadge({ criticality }: { readonly criticality: Criticality }) {
  return (
    <Badge variant={criticality === 'high' ? 'outline' : 'light'} color={COLORS[criticality]} tt="none">
      {criticality}
    </Badge>
  );
}
