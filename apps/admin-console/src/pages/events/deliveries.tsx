import { Button, Code, Drawer, Group, Stack, Text } from '@mantine/core';
import { type Column, ProblemAlert, Rows, StateBadge, When, bodyOf, onceKey } from '@atlas/web';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api';
import { Dialog } from '../../parts/dialog';
import { durationText } from '../../parts/durations';
import { given } from '../../parts/search';
import { type Delivery, SUBSCRIPTIONS, type Subscription, eventName, hostOf } from './subscription';

const WAITING_MS = 2000;
const CALM_MS = 30_000;

function useDeliveries(id: string) {
  return useInfiniteQuery({
    queryKey: [...SUBSCRIPTIONS, id, 'deliveries'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(
        api.GET('/api/event-subscriptions/{id}/deliveries', {
          params: { path: { id }, query: { limit: 50, ...given({ cursor }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages[0]?.items[0]?.status === 'waiting' ? WAITING_MS : CALM_MS,
  });
}

interface DeliveriesProps {
  readonly subscription: Subscription;
  readonly onClose: () => void;
}

/** What was sent to a system, and what it answered last. */
export function Deliveries({ subscription, onClose }: DeliveriesProps) {
  const { id, description, disabled_at: disabled } = subscription;
  const [shown, setShown] = useState<Delivery | null>(null);
  const client = useQueryClient();
  const pages = useDeliveries(id);
  // A test whose answer was lost is not sent twice.
  const [once, setOnce] = useState(onceKey);
  const test = useMutation({
    mutationFn: () =>
      bodyOf(api.POST('/api/event-subscriptions/{id}/test', { params: { path: { id } }, headers: once })),
    onSuccess: async () => {
      setOnce(onceKey());
      await client.invalidateQueries({ queryKey: SUBSCRIPTIONS });
    },
  });
  const columns: readonly Column<Delivery>[] = [
    ...COLUMNS,
    {
      name: 'Details',
      width: 80,
      cell: (delivery) => (
        <Button
          variant="default"
          size="compact-xs"
          aria-label={`Show the details of ${eventName(delivery.type)}`}
          onClick={() => setShown(delivery)}
        >
          Show
        </Button>
      ),
    },
  ];
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="xl"
      title={`Deliveries to ${description ?? hostOf(subscription)}`}
    >
      <Stack>
        <Group>
          <Button
            variant="default"
            loading={test.isPending}
            disabled={disabled !== null}
            onClick={() => test.mutate()}
          >
            Send a test
          </Button>
        </Group>
        <ProblemAlert error={test.error} />
        <Rows
          label="Deliveries"
          pages={pages}
          keyOf={(delivery) => delivery.id}
          empty="Nothing was sent yet. Send a test."
          columns={columns}
        />
      </Stack>
      {shown && <Details delivery={shown} onClose={() => setShown(null)} />}
    </Drawer>
  );
}

const COLUMNS: readonly Column<Delivery>[] = [
  { name: 'Event', width: 170, cell: ({ type }) => eventName(type) },
  { name: 'State', width: 100, cell: ({ status }) => <StateBadge state={status} /> },
  { name: 'Last answer', width: 180, cell: ({ last_answer: answer }) => answerText(answer) },
  { name: 'Attempts', width: 80, cell: ({ attempts }) => attempts },
  {
    name: 'Next attempt',
    width: 120,
    isMinor: true,
    cell: ({ next_attempt_at: next }) => <When at={next} />,
  },
  { name: 'When', width: 120, cell: ({ created_at: at }) => <When at={at} /> },
];

function answerText(answer: Delivery['last_answer']): string {
  if (answer === null) return 'not sent yet';
  const { status, error, took_ms: took } = answer;
  return status === null ? (error ?? 'no answer') : `${status} after ${durationText(took)}`;
}

interface DetailsProps {
  readonly delivery: Delivery;
  readonly onClose: () => void;
}

function Details({ delivery, onClose }: DetailsProps) {
  const { type, attempts, event_id: eventId, finished_at: finished, last_answer: answer } = delivery;
  return (
    <Dialog title={eventName(type)} onClose={onClose} size="lg">
      <Stack gap="xs">
        <Text size="sm">
          <StateBadge state={delivery.status} /> {attempts === 1 ? '1 attempt' : `${attempts} attempts`}
          {finished !== null && (
            <>
              , ended <When at={finished} />
            </>
          )}
        </Text>
        <Text size="sm">
          Id of the event: <Code>{eventId}</Code>
        </Text>
        <Text size="sm">Last answer: {answerText(answer)}</Text>
        {answer?.error && answer.status !== null && <Text size="sm">{answer.error}</Text>}
        {answer?.body && (
          <Code block tabIndex={0}>
            {answer.body}
          </Code>
        )}
      </Stack>
    </Dialog>
  );
}
