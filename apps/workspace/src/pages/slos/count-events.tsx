import { Button, Group, Modal, NumberInput, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { FormProblem, wrongOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { useOnce } from '../../once';
import { type Slo } from '../../slos/slo';

const MOST_EVENTS = 1_000_000_000;

export function CountEvents({ slo }: { readonly slo: Slo }) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        Count events
      </Button>
      {isOpen && <CountDialog slo={slo} onClose={close} />}
    </>
  );
}

interface CountDialogProps {
  readonly slo: Slo;
  readonly onClose: () => void;
}

interface Counted {
  readonly good: number;
  readonly total: number;
  readonly at?: string;
}

function CountDialog({ slo: { id, name, window_days: days }, onClose }: CountDialogProps) {
  const [good, setGood] = useState<number | string>('');
  const [total, setTotal] = useState<number | string>('');
  const [at, setAt] = useState('');
  const [problem, setProblem] = useState<string>();
  const once = useOnce();
  const queries = useQueryClient();
  const count = useMutation({
    mutationFn: (body: Counted) =>
      api.POST('/api/slos/{id}/events', { params: { path: { id } }, body, headers: once.headers() }),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ['slos'] });
    },
    onError: once.done,
  });
  const wrong = wrongOf(count.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const isTooMany = Number(good) > Number(total);
    setProblem(isTooMany ? 'Good events cannot be more than all events.' : undefined);
    if (isTooMany) return;
    count.mutate({
      good: Number(good),
      total: Number(total),
      ...(at !== '' && { at: new Date(at).toISOString() }),
    });
  };
  return (
    <Modal opened onClose={onClose} title={`Count events of ${name}`}>
      <Stack component="form" onSubmit={submit}>
        <NumberInput
          label="All events"
          required
          data-autofocus
          min={0}
          max={MOST_EVENTS}
          allowDecimal={false}
          allowNegative={false}
          value={total}
          onChange={setTotal}
          error={wrong('total')}
        />
        <NumberInput
          label="Of these, good"
          required
          min={0}
          max={MOST_EVENTS}
          allowDecimal={false}
          allowNegative={false}
          value={good}
          onChange={setGood}
          error={problem ?? wrong('good')}
        />
        <TextInput
          type="datetime-local"
          label="When they happened"
          description={`Leave it empty for now. At most ${days} days ago.`}
          value={at}
          onChange={(event) => setAt(event.currentTarget.value)}
          error={wrong('at')}
        />
        <FormProblem error={count.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={count.isPending}>
            Count them
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
