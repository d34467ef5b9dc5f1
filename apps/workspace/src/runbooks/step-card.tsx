import { Badge, Button, Group, Input, Paper, Stack, Text } from '@mantine/core';
import { type KeyboardEvent, memo } from 'react';
import { RiskBadge } from './risk-badge';
import { type StepDraft } from './draft';
import { type Problems, hasProblemAt } from './draft-problems';
import { StepFields } from './step-fields';

interface StepCardProps {
  readonly step: StepDraft;
  readonly index: number;
  readonly count: number;
  readonly isOpen: boolean;
  readonly problems: Problems;
  readonly parameters: readonly string[];
  readonly onToggle: (key: string) => void;
  readonly onChange: (key: string, change: Partial<StepDraft>) => void;
  readonly onMove: (key: string, by: -1 | 1) => void;
  readonly onRemove: (key: string) => void;
}

/** One step of the editor, which can be closed to see more of the others. */
export const StepCard = memo(function StepCard(props: StepCardProps) {
  const { step, index, isOpen, problems, parameters, onChange, onMove } = props;
  const { key, name, kind, risk } = step;
  const place = `steps.${index}`;
  const move = (event: KeyboardEvent): void => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    onMove(key, event.key === 'ArrowUp' ? -1 : 1);
  };
  const problem = problems[place];
  return (
    <Paper withBorder p="sm" component="li" onKeyDown={move} aria-label={`Step ${index + 1}`}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
              {index + 1}. {name || 'New step'}
            </Text>
            {!isOpen && (
              <>
                <Badge variant="default" tt="none" fw={500}>
                  {kind}
                </Badge>
                <RiskBadge risk={risk} />
              </>
            )}
            {!isOpen && hasProblemAt(problems, place) && (
              <Badge color="red" variant="light" tt="none">
                needs a change
              </Badge>
            )}
          </Group>
          <StepButtons {...props} />
        </Group>
        {problem !== undefined && <Input.Error>{problem}</Input.Error>}
        {isOpen && (
          <StepFields
            step={step}
            place={place}
            problems={problems}
            parameters={parameters}
            onChange={(change) => onChange(key, change)}
          />
        )}
      </Stack>
    </Paper>
  );
});

function StepButtons({ step, index, count, isOpen, onToggle, onMove, onRemove }: StepCardProps) {
  const { key } = step;
  const place = `step ${index + 1}`;
  return (
    <Button.Group>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Move ${place} up`}
        disabled={index === 0}
        onClick={() => onMove(key, -1)}
      >
        Up
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Move ${place} down`}
        disabled={index === count - 1}
        onClick={() => onMove(key, 1)}
      >
        Down
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Remove ${place}`}
        disabled={count === 1}
        onClick={() => onRemove(key)}
      >
        Remove
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-expanded={isOpen}
        aria-label={`${isOpen ? 'Close' : 'Open'} ${place}`}
        onClick={() => onToggle(key)}
      >
        {isOpen ? 'Close' : 'Open'}
      </Button>
    </Button.Group>
  );
}
