import { Alert, Anchor, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { ProblemAlert } from '@atlas/web';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { plane } from '../plane';
import { readChain, saveAs } from './chain';

const DAY_LENGTH = 10;

export function DownloadChain({ onClose }: { readonly onClose: () => void }) {
  const { data: about } = useQuery(plane);
  const [count, setCount] = useState(0);
  const aborter = useRef<AbortController>(null);
  useEffect(() => () => aborter.current?.abort(), []);
  const download = useMutation({
    mutationFn: async () => {
      const controller = new AbortController();
      aborter.current = controller;
      setCount(0);
      const file = await readChain({ signal: controller.signal, onCount: setCount });
      const today = new Date().toISOString().slice(0, DAY_LENGTH);
      saveAs(`audit-${about?.tenant?.slug ?? 'tenant'}-${today}.ndjson`, file);
    },
  });
  return (
    <Modal opened onClose={onClose} title="Download the chain" size="lg">
      <Stack>
        <Text size="sm">
          A file with every entry, the oldest first, one JSON object per line. Each entry has a hash over
          itself and the entry before, so a change or a removal shows.{' '}
          {/* The plane serves this page, not the app. */}
          <Anchor href="/help/auditing" size="sm" target="_blank" rel="noreferrer">
            How to check the chain
          </Anchor>
        </Text>
        {download.isPending && (
          <Text size="sm" role="status">
            {count.toLocaleString('en')} entries so far.
          </Text>
        )}
        {download.isSuccess && (
          <Alert color="green" role="status">
            {count.toLocaleString('en')} entries are saved.
          </Alert>
        )}
        <ProblemAlert error={download.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {download.isPending ? 'Stop' : 'Close'}
          </Button>
          <Button loading={download.isPending} onClick={() => download.mutate()}>
            Download
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
