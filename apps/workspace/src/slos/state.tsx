import { Badge, Group, Progress, Text } from '@mantine/core';
import { budgetTextOf } from './numbers';
import { type SloState, type SloStatus } from './slo';

const STATES: Readonly<Record<SloState, { readonly color: string; readonly text: string }>> = {
  exhausted: { color: 'red', text: 'Budget used up' },
  burning: { color: 'orange', text: 'Burning fast' },
  no_data: { color: 'gray', text: 'No data yet' },
  ok: { color: 'green', text: 'OK' },
};

export function SloStateBadge({ state }: { readonly state: SloState }) {
  const { color, text } = STATES[state];
  return (
    <Badge variant="light" color={color} tt="none" fw={600}>
      {text}
    </Badge>
  );
}

/** What is left of the error budget, as a bar and in words. */
export function BudgetBar({ status }: { readonly status: SloStatus }) {
  const { budget, state, total } = status;
  const text = budgetTextOf(status);
  if (total === 0) return text;
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress
        w={36}
        flex="none"
        value={Math.max(0, Math.min(100, budget.remaining_ratio * 100))}
        color={STATES[state].color}
        aria-label={`Error budget: ${text}`}
      />
      <Text span size="sm" truncate title={text}>
        {text}
      </Text>
    </Group>
  );
}
