import { Alert, Button, Code, Group, Loader, Stack, Text, TextInput } from '@mantine/core';
import { CopyBlock, ProblemAlert } from '@atlas/web';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../parts/dialog';
import { BrokenChain, type Checked, canHash, checkChain, headIn } from './chain';
import { useReading } from './use-reading';

/** Checks in the browser that no entry of the trail was changed or removed. */
export function VerifyDialog({ onClose }: { readonly onClose: () => void }) {
  const [line, setLine] = useState('');
  const { count, begin, stop, wasStopped } = useReading();
  const check = useMutation({ mutationFn: () => checkChain(headIn(line), begin()) });
  const isWrong = line.trim() !== '' && headIn(line) === null;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isWrong) check.mutate();
  };
  const close = (): void => {
    stop();
    onClose();
  };
  if (!canHash())
    return (
      <Dialog title="Verify the audit trail" onClose={close}>
        <Text size="sm">
          A browser can check the trail only on a page from https or from this computer. Run{' '}
          <Code>npx atlas audit verify</Code> instead.
        </Text>
      </Dialog>
    );
  return (
    <Dialog title="Verify the audit trail" onClose={close} size="lg">
      <Stack component="form" onSubmit={submit}>
        <Text size="sm">
          Your browser reads every entry and recomputes its seal. To notice a trail that was cut off or
          rebuilt, give the last line of an earlier check, too.
        </Text>
        <TextInput
          label="Last line of an earlier check (optional)"
          placeholder="12034:4f0c…"
          value={line}
          disabled={check.isPending}
          error={isWrong ? 'Paste the whole line: a number, a colon and 64 letters and digits.' : undefined}
          onChange={(event) => setLine(event.currentTarget.value)}
        />
        {check.isPending ? (
          <Group>
            <Loader size="xs" aria-hidden />
            <Text size="sm" role="status">
              {count.toLocaleString('en')} checked
            </Text>
            <Button variant="default" size="xs" onClick={stop}>
              Stop
            </Button>
          </Group>
        ) : (
          <Group>
            <Button type="submit">Verify</Button>
          </Group>
        )}
        {check.data && <Unchanged checked={check.data} />}
        {check.error && (wasStopped ? <Text size="sm">Stopped.</Text> : <Fault error={check.error} />)}
      </Stack>
    </Dialog>
  );
}

function Unchanged({ checked: { count, head } }: { readonly checked: Checked }) {
  return (
    <Alert color="green" title={`✓ ${entriesOf(count)} unchanged`} role="status">
      <Text size="sm" mb="xs">
        Keep this line in another place. The next check can begin with it.
      </Text>
      <CopyBlock name="the last line" text={`${head.position}:${head.hash}`} />
    </Alert>
  );
}

function entriesOf(count: number): string {
  return count === 1 ? '1 entry is' : `${count.toLocaleString('en')} entries are`;
}

function Fault({ error }: { readonly error: Error }) {
  if (!(error instanceof BrokenChain)) return <ProblemAlert error={error} />;
  return (
    <Alert color="red" title="The audit trail is broken" role="alert">
      {error.message} Treat it as an incident: compare the trail with an earlier export or a backup.
    </Alert>
  );
}
