import { Alert, Text } from '@mantine/core';
import { Confirm, type Versioned, storedNow } from '@atlas/web';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api';
import { type ProviderAnswer } from './provider';

interface RemoveProviderProps {
  /** What the page shows. */
  readonly seen: Versioned<ProviderAnswer>;
  readonly onClose: () => void;
  readonly onRemoved: () => void;
}

export function RemoveProvider({ seen, onClose, onRemoved }: RemoveProviderProps) {
  const [known, setKnown] = useState(seen);
  const remove = useMutation({
    mutationFn: () =>
      api.DELETE('/api/identity-provider', { params: { header: { 'if-match': known.etag } } }),
    onSuccess: () => {
      onClose();
      onRemoved();
    },
    onError: (error) => setKnown(storedNow(error, known.stored) ?? known),
  });
  const { provider } = known.stored;
  const isNew = known !== seen;
  return (
    <Confirm
      title="Remove the identity provider?"
      verb="Remove"
      error={isNew ? null : remove.error}
      isPending={remove.isPending}
      onConfirm={remove.mutate}
      onClose={onClose}
    >
      {isNew && (
        <Alert color="orange" role="alert" title="The provider was changed meanwhile">
          It is now {provider?.issuer}, with the client ID {provider?.client_id}. It was not removed.
        </Alert>
      )}
      <Text size="sm">
        Everybody who signed in with it is signed out, except you. Users without a password need an email with
        a reset link to get in again.
      </Text>
    </Confirm>
  );
}
