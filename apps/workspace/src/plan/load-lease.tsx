import { Button, FileInput, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { ProblemAlert, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ENTITLEMENTS, api } from '../api';

/** Loads a lease from a file. Loading the same file twice changes nothing. */
export function LoadLease() {
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [isOdd, setOdd] = useState(false);
  const load = useMutation({
    mutationFn: (lease: string) => bodyOf(api.POST('/api/entitlements/lease', { body: { lease } })),
    onSuccess: (now) => {
      client.setQueryData(ENTITLEMENTS, now);
      setFile(null);
      notifications.show({ message: 'The lease is loaded.' });
    },
  });
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const lease = leaseIn((await file?.text()) ?? '');
    setOdd(lease === null);
    if (lease !== null) load.mutate(lease);
  };
  return (
    <Stack component="form" gap="sm" maw={560} onSubmit={(event) => void submit(event)}>
      <Text size="sm">
        While this plane is connected, leases arrive by themselves. If it is not, ask whoever runs Atlas for
        you for a lease file, and load it here.
      </Text>
      <FileInput
        label="Lease file"
        placeholder="lease.json"
        accept="application/json,.json"
        clearable
        value={file}
        error={isOdd && 'This is not a lease file. Choose the file as you got it from Atlas.'}
        onChange={(chosen) => {
          setFile(chosen);
          setOdd(false);
          load.reset();
        }}
      />
      <ProblemAlert error={load.error} />
      <Group>
        <Button type="submit" variant="default" loading={load.isPending} disabled={file === null}>
          Load the lease
        </Button>
      </Group>
    </Stack>
  );
}

/** Null if the text cannot be a lease file. The plane checks the rest. */
function leaseIn(text: string): string | null {
  try {
    const found: unknown = JSON.parse(text);
    const isFile = typeof found === 'object' && found !== null && 'lease' in found;
    return isFile && typeof found.lease === 'string' ? found.lease : null;
  } catch {
    return null;
  }
}
