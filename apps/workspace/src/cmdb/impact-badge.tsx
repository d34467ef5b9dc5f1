import { Badge, type MantineSize } from '@mantine/core';
import { type Direction } from './item-search';
import { type ImpactedItem } from './use-impact';

export const IMPACT_COLORS = { down: 'red', degraded: 'orange' } as const;

const TEXTS = {
  dependents: { down: 'down', degraded: 'degraded' },
  dependencies: { down: 'takes it down', degraded: 'degrades it' },
} as const;

export function impactTextOf(state: ImpactedItem['state'], direction: Direction): string {
  return TEXTS[direction][state];
}

interface ImpactBadgeProps {
  readonly direction: Direction;
  readonly state: ImpactedItem['state'];
  readonly size?: MantineSize;
}

/** What becomes of an item or, of one that is needed, what its outage does. */
export function ImpactBadge({ state, direction, size = 'md' }: ImpactBadgeProps) {
  return (
    <Badge size={size} variant="light" color={IMPACT_COLORS[state]} tt="none" style={{ flexShrink: 0 }}>
      {impactTextOf(state, direction)}
    </Badge>
  );
}
