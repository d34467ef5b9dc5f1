import { Button, Group, Stack, Text } from '@mantine/core';
import { Confirm, KeyOnce, Section } from '@atlas/web';
import { useQueryClient } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { useRef } from 'react';
import { Configuration } from './configuration';
import { type SourceWithKey } from './source';
import { TestAlert } from './test-alert';
import { Waiting } from './waiting';

interface NewKeyProps {
  readonly source: SourceWithKey;
  readonly onDone: () => void;
}

/** Shows a new key. It is nowhere else, so leaving asks first. */
export function NewKey({ source, onDone }: NewKeyProps) {
  const { id, kind, key } = source;
  const queries = useQueryClient();
  const isCopied = useRef(key === null);
  const blocker = useBlocker({
    shouldBlockFn: () => !isCopied.current,
    enableBeforeUnload: () => !isCopied.current,
    withResolver: true,
  });
  const done = (): void => {
    isCopied.current = true;
    void queries.invalidateQueries({ queryKey: ['alerts'] });
    onDone();
  };
  return (
    <Stack gap="lg" maw={760}>
      <KeyOnce value={key} ifLost="Rotate it on the page of the data source to get another.">
        <Configuration source={source} />
        <Text size="sm">The key alone, for programs that send events for SLOs:</Text>
      </KeyOnce>
      <Section title="Does it work?">
        <Waiting source={source} />
        {key !== null && <TestAlert id={id} kind={kind} sourceKey={key} />}
      </Section>
      <Group>
        <Button onClick={done}>{key === null ? 'Continue' : 'I have copied it'}</Button>
      </Group>
      {blocker.status === 'blocked' && (
        <Confirm
          title="Leave without the key?"
          verb="Leave"
          otherwise="Stay"
          isPending={false}
          onConfirm={blocker.proceed}
          onClose={blocker.reset}
        >
          <Text size="sm">The key is shown only once. If you have not copied it, rotate it later.</Text>
        </Confirm>
      )}
    </Stack>
  );
}
