import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { sendByKey } from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { DecisionProblem, isFinal } from './decision-problem';
import { useLackingAgent } from './lacking-agent';
import { LONGEST_NOTE, type Run, type RunStep } from './run';
import { type DecisionKind, useDecide } from './use-run';

interface DecisionDialogProps {
  readonly kind: DecisionKind;
  readonly run: Run;
  readonly step: RunStep;
  readonly onClose: () => void;
}

interface Words {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly isDangerous?: boolean;
}

function wordsFor(kind: DecisionKind, { name, error }: RunStep, lacking: string | null): Words {
  switch (kind) {
    case 'approve':
      return {
        title: `Approve “${name}”?`,
        text:
          lacking === null
            ? 'Then the step runs.'
            : `Then the step waits, because ${lacking}. It runs as soon as one is.`,
        button: 'Approve',
      };
    case 'reject':
      return { title: `Reject “${name}”?`, text: 'This ends the run.', button: 'Reject', isDangerous: true };
    case 'complete':
      return {
        title: `Was “${name}” done?`,
        text:
          'Confirm it only if it was done and worked: then the run continues, or succeeds if this is its ' +
          'last step. If it did not work, choose “Not now” and cancel the run.',
        button: 'Confirm that it is done',
      };
    case 'cancel':
      return {
        title: 'Cancel this run?',
        text: 'The step under way is stopped.',
        button: 'Cancel the run',
        isDangerous: true,
      };
    case 'retry':
      return {
        title: `Run “${name}” again?`,
        text:
          error?.code === 'outcome_unknown'
            ? 'It may have run already. Look at the machine first.'
            : 'The run continues with this step. If the step needs approval, it needs it again.',
        button: 'Run it again',
      };
  }
}

/** Asks before something is decided, and takes a note. */
export function DecisionDialog({ kind, run, step, onClose }: DecisionDialogProps) {
  const [note, setNote] = useState('');
  const decide = useDecide(run.id);
  const { title, text, button, isDangerous = false } = wordsFor(kind, step, useLackingAgent(run, step));
  const isRefused = isFinal(decide.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    decide.mutate({ kind, step: step.name, note }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack component="form" onSubmit={submit} onKeyDown={sendByKey}>
        <Text size="sm">{text}</Text>
        <Textarea
          label="Note"
          description="It is kept with the decision."
          autosize
          minRows={2}
          maxRows={10}
          maxLength={LONGEST_NOTE}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <DecisionProblem error={decide.error} run={run} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {isRefused ? 'Close' : kind === 'cancel' ? 'Let it run' : 'Not now'}
          </Button>
          {!isRefused && (
            <Button type="submit" color={isDangerous ? 'red' : undefined} loading={decide.isPending}>
              {button}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
