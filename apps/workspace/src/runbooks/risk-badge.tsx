import { Badge, type MantineColor } from '@mantine/core';
import { type Risk } from './runbook';

const COLORS: Readonly<Record<Risk, MantineColor>> = {
  low: 'gray',
  medium: 'blue',
  high: 'orange',
  critical: 'red',
};

export function RiskBadge({ risk }: { readonly risk: Risk }) {
  return (
    <Badge variant="light" color={COLORS[risk]} tt="none" fw={600}>
      {risk} risk
    </Badge>
  );
}
