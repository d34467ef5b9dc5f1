import { Modal } from '@mantine/core';
import { type ReactNode } from 'react';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly size?: 'md' | 'lg';
  /** Whether it stays until its own button closes it. */
  readonly isHeld?: boolean;
  readonly children: ReactNode;
}

/** A question in front of the page. */
export function Dialog({ title, onClose, size = 'md', isHeld = false, children }: DialogProps) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      withCloseButton={!isHeld}
      closeOnEscape={!isHeld}
      closeOnClickOutside={!isHeld}
    >
      {children}
    </Modal>
  );
}
