import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { ProblemAlert, ProblemError, Section, type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { api } from '../api';
import { moves } from './moves';

/** The move of the workspace to another plane, if there is one. */
export function Move({ slug }: { readonly slug: string }) {
  const { data = [], error } = useQuery(moves);
  /** The move that was replaced before the consent to it arrived. */
  const [replaced, setReplaced] = useState<string>();
  if (error) return <ProblemAlert error={error} />;
  if (data.length === 0) return null;
  return (
    <Section title="Move">
      <Stack>
        {data.map((move) => (
          <OneMove
            key={move.transfer_id}
            move={move}
            slug={slug}
            hasReplaced={replaced !== undefined && replaced !== move.transfer_id}
            onReplaced={() => setReplaced(move.transfer_id)}
          />
        ))}
      </Stack>
    </Section>
  );
}

interface OneMoveProps {
  readonly move: TenantPlaneSchemas['schemas']['MoveView'];
  readonly slug: string;
  /** Whether a consent was to an earlier move, in place of which this one is shown. */
  readonly hasReplaced: boolean;
  readonly onReplaced: () => void;
}

function OneMove(props: OneMoveProps) {
  const { consent_required: needed, consented } = props.move;
  if (needed && !consented) return <Consent {...props} />;
  return (
    <Alert color="blue" role="status" title="This workspace is being moved">
      {consented && 'You have consented to this move only. A later one asks again. '}
      Writing pauses for a moment. Then you sign in at the new address.
    </Alert>
  );
}

function Consent({ move, slug, hasReplaced, onReplaced }: OneMoveProps) {
  const [typed, setTyped] = useState('');
  const input = useRef<HTMLInputElement>(null);
  // The button that was pressed belongs to the earlier move, and is gone.
  useEffect(() => {
    if (hasReplaced) input.current?.focus();
  }, [hasReplaced]);
  const client = useQueryClient();
  const consent = useMutation({
    mutationFn: () => bodyOf(api.POST('/api/moves/consent', { body: { transfer_id: move.transfer_id } })),
    onError: (error) =>
      error instanceof ProblemError && error.problem.code === 'move_replaced' && onReplaced(),
    onSettled: () => client.invalidateQueries({ queryKey: moves.queryKey }),
  });
  const isOff = consent.error instanceof ProblemError && consent.error.problem.code === 'no_move_pending';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    consent.mutate();
  };
  return (
    <Alert color="orange" role="group" title="Atlas wants to move this workspace to another server">
      <Stack component="form" onSubmit={submit} gap="sm">
        <Text size="sm">
          Your data would then leave your network, so the move waits for the consent of an admin. Consent
          cannot be withdrawn. It is for this move only.
        </Text>
        {hasReplaced && (
          <Text size="sm" role="alert">
            Your consent was not recorded: the move that you saw was called off, and this one replaces it. If
            you agree to this move, consent again.
          </Text>
        )}
        <TextInput
          ref={input}
          label={`Type ${slug} to consent`}
          maw={320}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        {isOff ? <Text size="sm">The move was called off.</Text> : <ProblemAlert error={consent.error} />}
        <Group>
          <Button type="submit" color="orange" disabled={typed !== slug} loading={consent.isPending}>
            Consent to this move
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
