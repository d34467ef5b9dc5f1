import { Alert, Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { CopyBlock, FormProblem, bodyOf, onceKey, wrongOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { Dialog } from '../../parts/dialog';
import { EVENT_NAMES, type EventType, SUBSCRIPTIONS } from './subscription';

const TYPES = Object.keys(EVENT_NAMES) as readonly EventType[];

export function Subscribe({ onClose }: { readonly onClose: () => void }) {
  const [url, setUrl] = useState('https://');
  const [description, setDescription] = useState('');
  const [events, setEvents] = useState<readonly EventType[]>(TYPES);
  // A change of the form is a new intention. A call whose answer was lost is repeated with the same key.
  const [once, setOnce] = useState(onceKey);
  const client = useQueryClient();
  const subscribe = useMutation({
    mutationFn: () =>
      bodyOf(
        api.POST('/api/event-subscriptions', {
          headers: once,
          body: {
            url: url.trim(),
            events: [...events],
            ...(description.trim() !== '' && { description: description.trim() }),
          },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: SUBSCRIPTIONS }),
    gcTime: 0,
  });
  const wrong = wrongOf(subscribe.error);
  if (subscribe.data !== undefined) return <Secret value={subscribe.data.secret} onClose={onClose} />;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    subscribe.mutate();
  };
  return (
    <Dialog title="Subscribe a system" onClose={onClose} size="lg">
      <Stack component="form" onSubmit={submit} onChange={() => setOnce(onceKey())}>
        <TextInput
          label="Address"
          description="An https address on the internet. It may contain a credential."
          type="url"
          required
          data-autofocus
          value={url}
          error={wrong('url')}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <TextInput
          label="Description"
          description="What it is, such as “On-call chat”."
          maxLength={200}
          value={description}
          error={wrong('description')}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <Checkbox.Group
          label="It is told when"
          value={[...events]}
          error={wrong('events')}
          onChange={(chosen) => setEvents(TYPES.filter((type) => chosen.includes(type)))}
        >
          <Stack gap="xs" mt="xs">
            {TYPES.map((type) => (
              <Checkbox key={type} value={type} label={EVENT_NAMES[type]} />
            ))}
          </Stack>
        </Checkbox.Group>
        <FormProblem error={subscribe.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" loading={subscribe.isPending} disabled={events.length === 0}>
            Subscribe
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

interface SecretProps {
  /** Null: the answer with it was lost. */
  readonly value: string | null;
  readonly onClose: () => void;
}

function Secret({ value, onClose }: SecretProps) {
  return (
    <Dialog title="The secret" onClose={onClose} size="lg" isHeld>
      <Stack>
        {value === null ? (
          <Alert color="orange" role="alert" title="The secret cannot be shown again">
            The answer with it was lost. Delete this subscription, and subscribe once more.
          </Alert>
        ) : (
          <>
            <Alert color="blue" title="Copy the secret now. It is not shown again.">
              The receiver verifies the signature of each event with it. Lost it? Subscribe once more, teach
              the receiver the new secret, and delete this subscription.
            </Alert>
            <CopyBlock name="the secret" text={value} />
            <Text size="sm">Then send a test, under Deliveries.</Text>
          </>
        )}
        <Group justify="flex-end">
          <Button onClick={onClose}>{value === null ? 'Close' : 'I have saved the secret'}</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
