import { Text } from '@mantine/core';
import { Confirm } from '@atlas/web';
import { useMutation } from '@tanstack/react-query';
import { api } from '../api';

interface RemoveProviderProps {
  readonly onClose: () => void;
  readonly onRemoved: () => void;
}

export function RemoveProvider({ onClose, onRemoved }: RemoveProviderProps) {
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/identity-provider'),
    onSuccess: () => {
      onClose();
      onRemoved();
    },
  });
  return (
    <Confirm
      title="Remove the identity provider?"
      verb="Remove"
      error={remove.error}
      isPending={remove.isPending}
      onConfirm={remove.mutate}
      onClose={onClose}
    >
      <Text size="sm">
        Everybody who signed in with it is signed out, except you. Users without a password need an email with
        a reset link to get in again.
      </Text>
    </Confirm>
  );
}
