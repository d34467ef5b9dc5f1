import { Button, Group, Modal, Stack } from '@mantine/core';
import { type ReactNode } from 'react';
import { ProblemAlert } from './problem-alert';

interface ConfirmProps {
  readonly title: string;
  /** What the button does, such as "Delete". */
  readonly verb: string;
  /** What the button that changes nothing says. */
  readonly otherwise?: string;
  readonly color?: string;
  readonly error?: unknown;
  readonly isPending: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Asks before something happens. The button that changes nothing has the focus. */
export function Confirm({
  title,
  verb,
  otherwise = 'Cancel',
  color = 'red',
  error,
  isPending,
  onConfirm,
  onClose,
  children,
}: ConfirmProps) {
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        {children}
        <ProblemAlert error={error} />
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            {otherwise}
          </Button>
          <Button color={color} loading={isPending} onClick={() => onConfirm()}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
