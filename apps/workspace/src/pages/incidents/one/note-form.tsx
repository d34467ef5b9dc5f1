import { Button, Group, Stack, Textarea } from '@mantine/core';
import { ProblemAlert, sendByKey, wrongOf, usePageKeys } from '@atlas/web';
import { type FormEvent, useRef, useState } from 'react';
import { LONGEST_TEXT } from '../../../incidents/incident';
import { useNote } from '../../../incidents/use-note';
import { useUser } from '../../../session';

/** What was typed and not sent, by user and incident. */
const drafts = new Map<string, string>();

export function NoteForm({ id }: { readonly id: string }) {
  const { id: self } = useUser();
  const key = `${self}/${id}`;
  const [text, setText] = useState(drafts.get(key) ?? '');
  const field = useRef<HTMLTextAreaElement>(null);
  usePageKeys({ m: () => field.current?.focus() });
  const add = useNote(id);
  const type = (value: string): void => {
    drafts.set(key, value);
    setText(value);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() && !add.isPending) add.mutate(text, { onSuccess: () => type('') });
  };
  const wrong = wrongOf(add.error);
  return (
    <Stack component="form" gap="xs" onSubmit={submit} onKeyDown={sendByKey}>
      <Textarea
        ref={field}
        label="Note"
        description="Only people who work on incidents see notes, not the reporter."
        autosize
        minRows={2}
        maxLength={LONGEST_TEXT}
        value={text}
        onChange={(event) => type(event.currentTarget.value)}
        error={wrong('text')}
      />
      <ProblemAlert error={add.error} />
      <Group>
        <Button type="submit" size="xs" loading={add.isPending}>
          Add the note
        </Button>
      </Group>
    </Stack>
  );
}
