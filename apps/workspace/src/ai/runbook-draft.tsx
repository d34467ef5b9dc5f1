import { Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Confirm } from '@atlas/web';
import { api } from '../api';
import { ButtonLink } from '../links';
import { contentOf } from '../runbooks/draft';
import { type NewRunbook } from '../runbooks/runbook';
import { StepShown } from '../runbooks/step-shown';
import { type AiSettings, whereTo } from '../settings/ai-settings';
import { AskButtons } from './ask-buttons';
import { useKeptDraft } from './kept-draft';
import { MayAsk } from './may-ask';
import { useAnswer } from './use-answer';

interface OfIncident {
  readonly id: string;
}

/** Has an AI draft a runbook against the incident. A person saves it, changes it before, or discards it. */
export function RunbookDraft({ id }: OfIncident) {
  return (
    <MayAsk feature="runbook_draft" module="ai_runbook_drafts">
      {(settings) => <Allowed id={id} settings={settings} />}
    </MayAsk>
  );
}

function Allowed({ id, settings }: OfIncident & { readonly settings: AiSettings }) {
  const { draft, keep, discard } = useKeptDraft(id);
  const { answer, start, stop } = useAnswer<NewRunbook>(
    (signal) =>
      api.POST('/api/ai/incidents/{id}/runbook-draft', {
        params: { path: { id } },
        headers: { accept: 'text/event-stream' },
        parseAs: 'stream',
        signal,
      }),
    keep,
  );
  const [isAsking, { open, close }] = useDisclosure();
  const isWriting = answer.state === 'writing';
  return (
    <Stack gap="xs">
      <Text size="xs" c="dimmed">
        Sends the same as an analysis to {whereTo(settings)}. Nothing is saved until you save it.
      </Text>
      <AskButtons
        verb="Draft a runbook"
        settings={settings}
        answer={answer}
        found={draft ? 'The draft is ready. It is not saved yet.' : ''}
        onStart={draft ? open : start}
        onStop={stop}
      />
      {isWriting && (
        <Paper withBorder p="xs" aria-busy>
          <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {answer.text}
          </Text>
        </Paper>
      )}
      {draft && !isWriting && <Shown id={id} runbook={draft} onDiscard={discard} />}
      {isAsking && (
        <Confirm
          title="Replace the draft?"
          verb="Draft again"
          isPending={false}
          onConfirm={() => {
            close();
            start();
          }}
          onClose={close}
        >
          <Text size="sm">
            The draft is not saved. It is lost once the new one is complete. To keep it, review and save it.
          </Text>
        </Confirm>
      )}
    </Stack>
  );
}

interface ShownProps extends OfIncident {
  readonly runbook: NewRunbook;
  readonly onDiscard: () => void;
}

function Shown({ id, runbook, onDiscard }: ShownProps) {
  const [isAsking, { open, close }] = useDisclosure();
  const { name, description, steps } = contentOf(runbook);
  return (
    <Stack gap="xs" component="article" aria-label="Draft by AI">
      <Group gap="xs">
        <Text fw={600} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
        <Badge variant="light" color="orange" tt="none">
          AI draft, not saved
        </Badge>
      </Group>
      {description !== null && (
        <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {description}
        </Text>
      )}
      <Stack component="ol" gap="xs" m={0} p={0} style={{ listStyle: 'none' }}>
        {steps.map((step, index) => (
          <StepShown key={step.name} step={step} index={index} />
        ))}
      </Stack>
      <Group gap="xs">
        <ButtonLink to="/runbooks/new" search={{ drafted_for: id }} size="compact-sm">
          Review and save
        </ButtonLink>
        <Button size="compact-sm" variant="default" onClick={open}>
          Discard
        </Button>
      </Group>
      {isAsking && (
        <Confirm
          title="Discard the draft?"
          verb="Discard"
          isPending={false}
          onConfirm={onDiscard}
          onClose={close}
        >
          <Text size="sm">It is not kept anywhere. A new draft is a new question to the AI.</Text>
        </Confirm>
      )}
    </Stack>
  );
}
