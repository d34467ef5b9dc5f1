import { Text } from '@mantine/core';
import { Confirm } from '@atlas/web';
import { useBlocker } from '@tanstack/react-router';

/** Asks before the page is left while `isUnsaved` says that something would be lost. */
export function LeaveQuestion({ isUnsaved }: { readonly isUnsaved: () => boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: isUnsaved,
    enableBeforeUnload: isUnsaved,
    withResolver: true,
  });
  if (blocker.status !== 'blocked') return null;
  return (
    <Confirm
      title="Leave without saving?"
      verb="Leave"
      otherwise="Stay here"
      isPending={false}
      onConfirm={blocker.proceed}
      onClose={blocker.reset}
    >
      <Text size="sm">What you have changed is not saved.</Text>
    </Confirm>
  );
}
