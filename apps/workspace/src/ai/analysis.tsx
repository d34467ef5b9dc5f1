import { Button, CopyButton, Group, Paper, Stack, Text } from '@mantine/core';
import { ProblemAlert, type TenantPlaneSchemas } from '@atlas/web';
import { api } from '../api';
import { LONGEST_TEXT } from '../incidents/incident';
import { useNote } from '../incidents/use-note';
import { type AiSettings, whereTo } from '../settings/ai-settings';
import { AskButtons } from './ask-buttons';
import { Hypotheses } from './hypotheses';
import { MayAsk } from './may-ask';
import { type Answer, useAnswer } from './use-answer';

type Analysis = TenantPlaneSchemas['schemas']['AnalysisView'];

interface OfIncident {
  readonly id: string;
}

/** What an AI thinks about the incident. */
export function AiAnalysis({ id }: OfIncident) {
  return (
    <MayAsk feature="analysis" module="ai_analysis">
      {(settings) => <Allowed id={id} settings={settings} />}
    </MayAsk>
  );
}

function Allowed({ id, settings }: OfIncident & { readonly settings: AiSettings }) {
  const { answer, start, stop } = useAnswer<Analysis>((signal) =>
    api.POST('/api/ai/incidents/{id}/analysis', {
      params: { path: { id } },
      headers: { accept: 'text/event-stream' },
      parseAs: 'stream',
      signal,
    }),
  );
  return (
    <Stack gap="xs">
      <Text size="xs" c="dimmed">
        Sends this incident, its timeline, its alerts and its configuration items to {whereTo(settings)}.
        Names of users and hosts, and email and IP addresses, are replaced before, and put back into the
        answer. Known forms of secrets are removed.
      </Text>
      <AskButtons
        verb="Analyse"
        settings={settings}
        answer={answer}
        found={foundIn(answer.whole)}
        onStart={start}
        onStop={stop}
      />
      {answer.text !== '' && <Shown id={id} answer={answer} />}
    </Stack>
  );
}

function foundIn(analysis: Analysis | undefined): string {
  const count = analysis?.hypotheses.length ?? 0;
  if (count === 0) return 'The analysis is complete. It names no cause.';
  const causes = count === 1 ? 'one possible cause' : `${count} possible causes`;
  return `The analysis is complete. It names ${causes}.`;
}

interface ShownProps extends OfIncident {
  readonly answer: Answer<Analysis>;
}

function Shown({ id, answer: { state, text, whole } }: ShownProps) {
  const said = whole ? inWords(whole) : text;
  return (
    <>
      <Paper withBorder p="xs" aria-busy={state === 'writing'}>
        <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {whole?.analysis ?? text}
        </Text>
        {whole && (
          <Text size="xs" c="dimmed" mt="xs">
            By {whole.model}
            {whole.source === 'own_endpoint' && ', your own AI'}. An AI can be wrong: check before you act.
          </Text>
        )}
      </Paper>
      {whole && <Hypotheses id={id} hypotheses={whole.hypotheses} />}
      {state !== 'writing' && <Keep id={id} text={said.slice(0, LONGEST_TEXT)} />}
    </>
  );
}

/** The analysis with the causes that it does not name in its text. */
function inWords({ analysis, hypotheses }: Analysis): string {
  const causes = hypotheses
    .filter(({ title }) => !analysis.includes(title))
    .map(({ title, confidence, reasoning }) => `${title} (${Math.round(100 * confidence)} %)\n${reasoning}`);
  return [analysis, ...causes].join('\n\n');
}

/** Atlas does not store answers. */
function Keep({ id, text }: OfIncident & { readonly text: string }) {
  const note = useNote(id);
  const isAdded = note.isSuccess && note.variables === text;
  return (
    <>
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
          disabled={isAdded}
          onClick={() => note.mutate(text)}
        >
          {isAdded ? 'Added as a note' : 'Add as a note'}
        </Button>
        <Text size="xs" c="dimmed">
          Atlas does not keep this text.
        </Text>
      </Group>
      <ProblemAlert error={note.error} />
    </>
  );
}
