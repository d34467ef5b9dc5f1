import { Button, Modal, type ModalProps } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { FreshlyRead, type Versioned } from '@atlas/web';
import { type ReactNode } from 'react';

interface EditDialogProps<Stored> extends Pick<ModalProps, 'size'> {
  readonly title: string;
  readonly read: () => Promise<Versioned<Stored>>;
  /** The form. */
  readonly children: (first: Versioned<Stored>, close: () => void) => ReactNode;
}

/** A button that opens a dialog. Its form is filled with what is stored at that time. */
export function EditDialog<Stored>({ title, size, read, children }: EditDialogProps<Stored>) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" size="xs" onClick={open}>
        Edit
      </Button>
      {isOpen && (
        <Modal opened onClose={close} title={title} {...(size !== undefined && { size })}>
          <FreshlyRead read={read}>{(first) => children(first, close)}</FreshlyRead>
        </Modal>
      )}
    </>
  );
}
