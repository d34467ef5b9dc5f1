import { Button, Code, Group, Loader, Stack, Text } from '@mantine/core';
import { ProblemAlert } from '@atlas/web';
import { useMutation } from '@tanstack/react-query';
import { Dialog } from '../parts/dialog';
import { type Reading, chainFrom } from './chain';
import { useReading } from './use-reading';

/** The browser keeps the whole file in memory until it is saved. */
const MOST = 200_000;
const FILE = 'audit.ndjson';

/** Saves the whole trail as a file, which can be verified without the Control Plane. */
export function ExportDialog({ onClose }: { readonly onClose: () => void }) {
  const { count, begin, stop, wasStopped } = useReading();
  const save = useMutation({ mutationFn: () => exported(begin()), onSuccess: saveFile });
  const close = (): void => {
    stop();
    onClose();
  };
  return (
    <Dialog title="Export the audit trail" onClose={close} size="lg">
      <Stack>
        <Text size="sm">
          The file has one entry (JSON) per line, oldest first, with its seal. Check it at any time, without
          the Control Plane: <Code>npx atlas audit verify --file {FILE}</Code>
        </Text>
        <Text size="sm" c="dimmed">
          For more than {MOST.toLocaleString('en')} entries, use <Code>npx atlas audit export</Code>.
        </Text>
        {save.isPending ? (
          <Group>
            <Loader size="xs" aria-hidden />
            <Text size="sm" role="status">
              {count.toLocaleString('en')} entries read
            </Text>
            <Button variant="default" size="xs" onClick={stop}>
              Stop
            </Button>
          </Group>
        ) : (
          <Group>
            <Button onClick={() => save.mutate()}>Export</Button>
          </Group>
        )}
        {save.data && (
          <Text size="sm" role="status">
            {save.data.isWhole
              ? `✓ ${count.toLocaleString('en')} entries are in ${FILE}.`
              : `${FILE} has only the first ${count.toLocaleString('en')} entries. Use the command for all.`}
          </Text>
        )}
        {save.error && (wasStopped ? <Text size="sm">Stopped.</Text> : <ProblemAlert error={save.error} />)}
      </Stack>
    </Dialog>
  );
}

interface Exported {
  readonly file: Blob;
  readonly isWhole: boolean;
}

async function exported(reading: Reading): Promise<Exported> {
  const parts: string[] = [];
  let count = 0;
  const file = (): Blob => new Blob(parts, { type: 'application/x-ndjson' });
  for await (const page of chainFrom(0, reading)) {
    if (count >= MOST && page.length > 0) return { file: file(), isWhole: false };
    parts.push(page.map((record) => `${JSON.stringify(record)}\n`).join(''));
    count += page.length;
    reading.onProgress(count);
  }
  return { file: file(), isWhole: true };
}

function saveFile({ file }: Exported): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = FILE;
  link.click();
  // The browser needs the address until it has begun to save.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
