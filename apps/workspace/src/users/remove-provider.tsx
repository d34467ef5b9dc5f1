import { Alert, List, Text } from '@mantine/core';
import { Confirm, type Versioned, codeOf, storedNow } from '@atlas/web';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api';
import { NEW_PROVIDER, PROVIDER_FIELDS, type ProviderAnswer } from './provider';

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
  const isNew = known !== seen;
  const before = seen.stored.provider ?? NEW_PROVIDER;
  const now = known.stored.provider ?? NEW_PROVIDER;
  const changed = PROVIDER_FIELDS.filter(([, textOf]) => textOf(before) !== textOf(now));
  return (
    <Confirm
      title="Remove the identity provider?"
      verb="Remove"
      error={isNew && codeOf(remove.error) === 'changed_meanwhile' ? null : remove.error}
      isPending={remove.isPending}
      onConfirm={remove.mutate}
      onClose={onClose}
    >
      {isNew && (
        <Alert color="orange" role="alert" title="The provider was changed meanwhile">
          Somebody changed the provider, so it was not removed. Check it, then choose Remove again.
          <List size="sm" mt="xs">
            {changed.map(([label, textOf]) => (
              <List.Item key={label}>
                {label}: {textOf(now) || 'none'}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Text size="sm">
        Everybody who signed in with it is signed out, except you. Users without a password need an email with
        a reset link to get in again.
      </Text>
    </Confirm>
  );
}
