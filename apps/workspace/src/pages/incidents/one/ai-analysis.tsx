import { Alert, Button, CopyButton, Group, Paper, Stack, Text } from '@mantine/core';
import { ProblemAlert } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { LONGEST_TEXT } from '../../../incidents/incident';
import { type Analysis, useAnalysis } from '../../../incidents/use-analysis';
import { useNote } from '../../../incidents/use-note';
import { plane } from '../../../plane';
import { aiSettings, isAllowed } from '../../../settings/ai-settings';

/** What an AI thinks about the incident. */
export function AiAnalysis({ id }: { readonly id: string }) {
  const { data: settings, error } = useQuery(aiSettings);
  if (error) return <ProblemAlert error={error} />;
  if (!settings) return null;
  if (!isAllowed(settings.stored, 'analysis'))
    return (
      <Text size="sm" c="dimmed">
        AI is off here. An admin can switch it on.
      </Text>
    );
  return <Allowed id={id} />;
}

function Allowed({ id }: { readonly id: string }) {
  const { analysis, start, stop } = useAnalysis(id);
  const { data: about } = useQuery(plane);
  const isCutOff = about?.control_plane.reachable === false;
  const isRunning = analysis.state === 'running';
  return (
    <Stack gap="xs">
      <Text size="xs" c="dimmed">
        Sends this incident, its timeline, its alerts and its configuration items to the AI through the
        Control Plane. Names of users and hosts, and email and IP addresses, are replaced before, and put back
        into the answer. Known forms of secrets are removed.
      </Text>
      <Group gap="xs">
        <Button size="compact-sm" variant="light" loading={isRunning} disabled={isCutOff} onClick={start}>
          {analysis.state === 'none' ? 'Analyse' : 'Analyse again'}
        </Button>
        {isRunning && (
          <Button size="compact-sm" variant="default" onClick={stop}>
            Stop
          </Button>
        )}
      </Group>
      {isCutOff && <Text size="sm">The Control Plane cannot be reached, so there is no AI now.</Text>}
      <ProblemAlert error={analysis.error} />
      {analysis.text !== '' && <Answer id={id} analysis={analysis} />}
      {analysis.state === 'cut off' && !analysis.error && (
        <Alert color="orange">The answer was cut off. Try again.</Alert>
      )}
    </Stack>
  );
}

interface AnswerProps {
  readonly id: string;
  readonly analysis: Analysis;
}

function Answer({ id, analysis: { state, text, model } }: AnswerProps) {
  const note = useNote(id);
  return (
    <>
      <Paper withBorder p="xs" aria-busy={state === 'running'}>
        <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {text}
        </Text>
        {model !== undefined && (
          <Text size="xs" c="dimmed" mt="xs">
            By {model}. An AI can be wrong: check before you act.
          </Text>
        )}
      </Paper>
      {state !== 'running' && (
        <Group gap="xs">
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button size="compact-sm" variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <Button
            size="compact-sm"
            variant="default"
            loading={note.isPending}
            disabled={note.isSuccess && note.variables === text.slice(0, LONGEST_TEXT)}
            onClick={() => note.mutate(text.slice(0, LONGEST_TEXT))}
          >
            {note.isSuccess ? 'Added as a note' : 'Add as a note'}
          </Button>
          <Text size="xs" c="dimmed">
            Atlas does not keep this text.
          </Text>
        </Group>
      )}
      <ProblemAlert error={note.error} />
    </>
  );
}
