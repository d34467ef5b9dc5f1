import { Alert, Stack } from '@mantine/core';
import { type ReactNode } from 'react';
import { CopyBlock } from './copy-block';

interface KeyOnceProps {
  /** Null: the answer with it was lost, and a repeated call does not show it. */
  readonly value: string | null;
  /** Where to get another, as a sentence. */
  readonly ifLost: string;
  /** Stands above the key, such as a configuration with it. */
  readonly children?: ReactNode;
}

/** A key, which is shown only now. */
export function KeyOnce({ value, ifLost, children }: KeyOnceProps) {
  if (value === null)
    return (
      <Alert color="orange" role="alert" title="The key cannot be shown again">
        The answer with the key was lost. {ifLost}
      </Alert>
    );
  return (
    <Stack gap="xs">
      <Alert color="blue" title="Copy the key now. It is not shown again.">
        Atlas stores only a hash of it. Lost it? {ifLost}
      </Alert>
      {children}
      <CopyBlock name="the key" text={value} />
    </Stack>
  );
}
