import {
  Button,
  CloseButton,
  Fieldset,
  Group,
  Modal,
  Select,
  Stack,
  Text,
  TextInput,
  Textarea,
} from '@mantine/core';
import { FormProblem, oneOf, sendByKey, wrongOf } from '@atlas/web';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { alertPages } from '../../alerts/alert';
import {
  type Matcher,
  type NewSilence,
  OPERATORS,
  OPERATOR_LABELS,
  isSilencing,
  sentMatcherOf,
} from '../../alerts/silence';
import { api } from '../../api';
import { useOnce } from '../../once';

const MOST_MATCHERS = 20;
const LONGEST_NAME = 200;
const LONGEST_VALUE = 1000;
const LONGEST_PATTERN = 200;
const LONGEST_COMMENT = 1000;
const MINUTE_MS = 60_000;
const UNTIL = 'until';
const LENGTHS = [
  { value: '30', label: '30 minutes' },
  { value: '120', label: '2 hours' },
  { value: '480', label: '8 hours' },
  { value: '1440', label: '1 day' },
  { value: UNTIL, label: 'Until …' },
];
const EMPTY: Matcher = { name: '', operator: '=', value: '' };

interface SilenceFormProps {
  readonly like?: readonly Matcher[];
  readonly onClose: () => void;
}

interface Filled {
  readonly matchers: readonly Matcher[];
  /** In local time, as the browser's field has it. Empty: now. */
  readonly start: string;
  readonly length: string;
  readonly end: string;
  readonly comment: string;
}

function useAdd(onDone: () => void) {
  const once = useOnce();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewSilence) => api.POST('/api/silences', { body, headers: once.headers() }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ['silences'] });
    },
    onError: once.done,
  });
}

function bodyOf({ matchers, start, length, end, comment }: Filled): NewSilence {
  const startsAt = start === '' ? new Date() : new Date(start);
  const endsAt = length === UNTIL ? new Date(end) : new Date(startsAt.getTime() + Number(length) * MINUTE_MS);
  return {
    matchers: matchers.map(sentMatcherOf),
    starts_at: startsAt.toISOString(),
    ends_at: endsAt.toISOString(),
    comment: comment.trim(),
  };
}

export function SilenceForm({ like = [EMPTY], onClose }: SilenceFormProps) {
  const [filled, setFilled] = useState<Filled>(() => ({
    matchers: like.slice(0, MOST_MATCHERS),
    start: '',
    length: '120',
    end: '',
    comment: '',
  }));
  const change = (part: Partial<Filled>): void => setFilled((old) => ({ ...old, ...part }));
  const [endProblem, setEndProblem] = useState<string>();
  const add = useAdd(onClose);
  const wrong = wrongOf(add.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const body = bodyOf(filled);
    const isOver = body.ends_at <= body.starts_at || Date.parse(body.ends_at) <= Date.now();
    setEndProblem(isOver ? 'Choose a time after the start and after now.' : undefined);
    if (!isOver) add.mutate(body);
  };
  const { matchers, start, length, end, comment } = filled;
  return (
    <Modal opened onClose={onClose} title="Add a silence" size="lg">
      <Stack component="form" onSubmit={submit} onKeyDown={sendByKey}>
        <Matchers matchers={matchers} onChange={(changed) => change({ matchers: changed })} wrong={wrong} />
        <Preview matchers={matchers} />
        <Group align="flex-start" grow>
          <TextInput
            type="datetime-local"
            label="Starts"
            description="Leave it empty for now."
            value={start}
            onChange={(event) => change({ start: event.currentTarget.value })}
            error={wrong('starts_at')}
          />
          <Select
            label="Lasts"
            description="Then alerts open incidents again."
            allowDeselect={false}
            data={LENGTHS}
            value={length}
            onChange={(value) => change({ length: value ?? UNTIL })}
            error={length === UNTIL ? undefined : (endProblem ?? wrong('ends_at'))}
          />
        </Group>
        {length === UNTIL && (
          <TextInput
            type="datetime-local"
            label="Ends"
            required
            value={end}
            onChange={(event) => change({ end: event.currentTarget.value })}
            error={endProblem ?? wrong('ends_at')}
          />
        )}
        <Textarea
          label="Why"
          required
          autosize
          minRows={2}
          maxLength={LONGEST_COMMENT}
          placeholder="Replacing disks"
          value={comment}
          onChange={(event) => change({ comment: event.currentTarget.value })}
          error={wrong('comment')}
        />
        <FormProblem error={add.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={add.isPending}>
            Silence them
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

interface MatchersProps {
  readonly matchers: readonly Matcher[];
  readonly onChange: (matchers: readonly Matcher[]) => void;
  readonly wrong: (field: string) => string | undefined;
}

function Matchers({ matchers, onChange, wrong }: MatchersProps) {
  const set = (index: number, part: Partial<Matcher>): void =>
    onChange(matchers.map((matcher, at) => (at === index ? { ...matcher, ...part } : matcher)));
  return (
    <Fieldset legend="Alerts whose labels match all of this" p="sm">
      <Stack gap="xs">
        {matchers.map((matcher, index) => (
          // A row has nothing else that tells it from the others.
          <Group key={index} gap="xs" align="flex-start">
            <TextInput
              label="Label"
              size="xs"
              flex="2 1 100px"
              required
              maxLength={LONGEST_NAME}
              placeholder="ci"
              data-autofocus={index === 0 || undefined}
              value={matcher.name}
              onChange={(event) => set(index, { name: event.currentTarget.value })}
              error={wrong(`matchers.${index}.name`)}
            />
            <Select
              label="Test"
              size="xs"
              flex="2 1 100px"
              allowDeselect={false}
              data={OPERATORS.map((value) => ({ value, label: OPERATOR_LABELS[value] }))}
              value={matcher.operator}
              onChange={(value) => set(index, { operator: oneOf(OPERATORS, value) ?? '=' })}
            />
            <TextInput
              label="Value"
              size="xs"
              flex="3 1 150px"
              maxLength={matcher.operator.includes('~') ? LONGEST_PATTERN : LONGEST_VALUE}
              placeholder={matcher.operator.includes('~') ? 'web-.*' : 'web-1'}
              value={matcher.value}
              onChange={(event) => set(index, { value: event.currentTarget.value })}
              error={wrong(`matchers.${index}.value`)}
            />
            <CloseButton
              mt={20}
              aria-label={`Remove the line ${matcher.name || index + 1}`}
              disabled={matchers.length === 1}
              onClick={() => onChange(matchers.filter((_, at) => at !== index))}
            />
          </Group>
        ))}
        <Group>
          {matchers.length < MOST_MATCHERS && (
            <Button size="compact-sm" variant="default" onClick={() => onChange([...matchers, EMPTY])}>
              Add a line
            </Button>
          )}
        </Group>
      </Stack>
    </Fieldset>
  );
}

/** How many of the alerts that fire now the silence would apply to. */
function Preview({ matchers }: { readonly matchers: readonly Matcher[] }) {
  const { data } = useInfiniteQuery(alertPages({}));
  if (!data || matchers.some(({ name }) => name.trim() === '')) return null;
  const results = data.pages.flatMap(({ items }) => items.map((alert) => isSilencing(matchers, alert)));
  const count = results.filter((result) => result === true).length;
  const more = data.pages.at(-1)?.next_cursor ? ` newest ${results.length}` : '';
  return (
    <Text size="sm" role="status" c="dimmed">
      {matchers.some(({ operator }) => operator.includes('~'))
        ? 'Atlas applies the expression to the whole label. It is not previewed here.'
        : `Matches ${count} of the${more} alerts that fire now.`}{' '}
      Alerts that have an incident already keep it.
    </Text>
  );
}
