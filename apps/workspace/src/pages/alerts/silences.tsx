import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type Column, Confirm, Page, Rows, StateBadge, When, usePageKeys } from '@atlas/web';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { oneAlert } from '../../alerts/alert';
import { AreaTabs } from '../../alerts/area-tabs';
import { type Matcher, type Silence, matchersTextOf, silencePages } from '../../alerts/silence';
import { api } from '../../api';
import { PersonName } from '../../people';
import { NeedsRole } from '../../needs-role';
import { SilenceForm } from './silence-form';

/** What is being kept quiet, and until when. */
export function Silences() {
  return (
    <NeedsRole role="operator" title="Silences">
      <List />
    </NeedsRole>
  );
}

function List() {
  const { like } = useSearch({ from: '/signed-in/silences' });
  const navigate = useNavigate({ from: '/silences' });
  const pages = useInfiniteQuery(silencePages);
  const [isOpen, { open, close }] = useDisclosure();
  usePageKeys({ n: open });
  useEffect(() => {
    if (like !== undefined) open();
  }, [like, open]);
  const end = (): void => {
    close();
    if (like !== undefined) void navigate({ search: {}, replace: true });
  };
  return (
    <Page
      title="Silences"
      about="A silence keeps matching alerts from opening incidents, for example while you work on a server."
      actions={
        <Button size="xs" onClick={open}>
          Add a silence
        </Button>
      }
    >
      <AreaTabs active="/silences" />
      <Rows
        label="Silences"
        pages={pages}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        empty="Nothing is silenced. Add a silence before you work on something that will raise alerts."
      />
      {isOpen && (like === undefined ? <SilenceForm onClose={end} /> : <FormLike id={like} onClose={end} />)}
    </Page>
  );
}

/** The form, filled with the labels of an alert. */
function FormLike({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { data: alert, error } = useQuery(oneAlert(id));
  if (!alert) return error ? <SilenceForm onClose={onClose} /> : null;
  const like = Object.entries(alert.labels).map(([name, value]): Matcher => ({ name, operator: '=', value }));
  return <SilenceForm like={like} onClose={onClose} />;
}

const COLUMNS: readonly Column<Silence>[] = [
  { name: 'State', width: 96, cell: ({ state }) => <StateBadge state={state} /> },
  {
    name: 'Silences alerts with',
    width: 260,
    cell: (silence) => <span title={matchersTextOf(silence)}>{matchersTextOf(silence)}</span>,
  },
  { name: 'Why', width: 220, cell: ({ comment }) => <span title={comment}>{comment}</span> },
  { name: 'Time', width: 170, cell: (silence) => <Span silence={silence} /> },
  { name: 'By', width: 130, cell: ({ created_by: by }) => <PersonName id={by} /> },
  { name: 'Action', width: 90, cell: (silence) => <End silence={silence} /> },
];

function Span({ silence: { state, starts_at: start, ends_at: end } }: { readonly silence: Silence }) {
  if (state === 'pending')
    return (
      <>
        starts <When at={start} />
      </>
    );
  return (
    <>
      {state === 'active' ? 'ends' : 'ended'} <When at={end} />
    </>
  );
}

function End({ silence }: { readonly silence: Silence }) {
  const [isAsked, { open, close }] = useDisclosure();
  const queries = useQueryClient();
  const { id } = silence;
  const end = useMutation({
    mutationFn: () => api.DELETE('/api/silences/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      close();
      await queries.invalidateQueries({ queryKey: ['silences'] });
      void queries.invalidateQueries({ queryKey: ['alerts'] });
    },
  });
  if (silence.state === 'expired') return null;
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        onClick={open}
        aria-label={`End now: ${matchersTextOf(silence)}`}
      >
        End now
      </Button>
      {isAsked && (
        <Confirm
          title="End this silence?"
          verb="End the silence"
          otherwise="Keep it"
          color="orange"
          error={end.error}
          isPending={end.isPending}
          onConfirm={end.mutate}
          onClose={close}
        >
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {matchersTextOf(silence)}
          </Text>
          <Text size="sm">Alerts that still fire open their incidents at once.</Text>
        </Confirm>
      )}
    </>
  );
}
