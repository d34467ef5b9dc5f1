import { Alert, Button, Group, Text } from '@mantine/core';
import { ProblemAlert } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { plane } from '../plane';
import { type AiSettings } from '../settings/ai-settings';
import { type Answer } from './use-answer';

interface AskButtonsProps {
  readonly verb: string;
  readonly settings: AiSettings;
  readonly answer: Answer<unknown>;
  /** What has come, once all of it is there. */
  readonly found: string;
  readonly onStart: () => void;
  readonly onStop: () => void;
}

/** Starts and stops a question to an AI, and says how it goes. */
export function AskButtons({ verb, settings, answer, found, onStart, onStop }: AskButtonsProps) {
  const { data: about } = useQuery(plane);
  const isCutOff = settings.own_endpoint === null && about?.control_plane.reachable === false;
  const isRunning = answer.state === 'asked' || answer.state === 'writing';
  return (
    <>
      <Group gap="xs">
        {/* While it runs, the button does nothing but keeps the focus. */}
        <Button
          size="compact-sm"
          variant="light"
          disabled={isCutOff}
          aria-disabled={isRunning}
          data-disabled={isRunning || undefined}
          onClick={onStart}
        >
          {isRunning || answer.text === '' ? verb : `${verb} again`}
        </Button>
        {isRunning && (
          <Button size="compact-sm" variant="default" onClick={onStop}>
            Stop
          </Button>
        )}
      </Group>
      {isCutOff && <Text size="sm">The Control Plane cannot be reached, so there is no AI now.</Text>}
      {/* Read out when it changes, unlike the answer, which changes with each word. */}
      <Text size="sm" role="status">
        {sayingOf(answer, found)}
      </Text>
      <ProblemAlert error={answer.error} />
      {answer.state === 'cut off' && !answer.error && (
        <Alert color="orange" role="alert">
          The answer was cut off. Try again.
        </Alert>
      )}
    </>
  );
}

function sayingOf({ state }: Answer<unknown>, found: string): string {
  if (state === 'done') return found;
  if (state === 'stopped') return 'You stopped it.';
  if (state === 'asked') return 'The AI was asked.';
  return state === 'writing' ? 'The AI is writing.' : '';
}
