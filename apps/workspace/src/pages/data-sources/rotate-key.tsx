import { Button, Checkbox, Text } from '@mantine/core';
import { Confirm, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api';
import { type Source, type SourceWithKey } from '../../data-sources/source';
import { useOnce } from '../../once';

interface RotateKeyProps {
  readonly source: Source;
  readonly onRotated: (source: SourceWithKey) => void;
}

export function RotateKey({ source, onRotated }: RotateKeyProps) {
  const [isAsked, setIsAsked] = useState(false);
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setIsAsked(true)}>
        Rotate the key
      </Button>
      {isAsked && <RotateDialog source={source} onRotated={onRotated} onClose={() => setIsAsked(false)} />}
    </>
  );
}

interface RotateDialogProps extends RotateKeyProps {
  readonly onClose: () => void;
}

function RotateDialog({ source: { id, name }, onRotated, onClose }: RotateDialogProps) {
  const [isLeaked, setIsLeaked] = useState(false);
  const once = useOnce();
  const queries = useQueryClient();
  const rotate = useMutation({
    mutationFn: () =>
      bodyOf(
        api.POST('/api/data-sources/{id}/rotate-key', {
          params: { path: { id } },
          body: isLeaked ? { revoke_now: true } : {},
          headers: once.headers(),
        }),
      ),
    onSuccess: (source) => {
      onRotated(source);
      void queries.invalidateQueries({ queryKey: ['data-sources'] });
    },
    onError: once.done,
  });
  return (
    <Confirm
      title={`Rotate the key of ${name}?`}
      verb="Rotate the key"
      color={isLeaked ? 'red' : 'indigo'}
      error={rotate.error}
      isPending={rotate.isPending}
      onConfirm={rotate.mutate}
      onClose={onClose}
    >
      <Text size="sm">
        {isLeaked
          ? 'The old key is refused at once. Alerts are lost until the program has the new one.'
          : 'You get a new key. The old key works for another 24 hours, so that you can change the program.'}
      </Text>
      <Checkbox
        label="Refuse the old key at once (it leaked)"
        checked={isLeaked}
        onChange={(event) => setIsLeaked(event.currentTarget.checked)}
      />
    </Confirm>
  );
}
