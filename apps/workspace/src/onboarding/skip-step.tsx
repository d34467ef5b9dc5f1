import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ProblemAlert, sendByKey, wrongOf } from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { type Step, useSkip } from './use-checklist';

const LONGEST_REASON = 500;

export function SkipStep({ step }: { readonly step: Step }) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" size="xs" onClick={open}>
        Skip this step
      </Button>
      {isOpen && <SkipDialog step={step} onClose={close} />}
    </>
  );
}

interface SkipDialogProps {
  readonly step: Step;
  readonly onClose: () => void;
}

function SkipDialog({ step: { key, title }, onClose }: SkipDialogProps) {
  const [reason, setReason] = useState('');
  const skip = useSkip(key);
  const wrong = wrongOf(skip.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    skip.mutate(reason.trim(), { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={`Skip “${title}”?`}>
      <Stack component="form" onSubmit={submit} onKeyDown={sendByKey}>
        <Text size="sm">It counts as complete. If you do it later, the step shows that instead.</Text>
        <Textarea
          label="Reason"
          description="Your colleagues see here why this is not set up."
          required
          data-autofocus
          autosize
          minRows={2}
          maxLength={LONGEST_REASON}
          placeholder={key === 'ai' ? 'There is no AI provider here.' : 'We use another product for it.'}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={wrong('reason')}
        />
        {wrong('reason') === undefined && <ProblemAlert error={skip.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={skip.isPending} disabled={reason.trim() === ''}>
            Skip the step
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
