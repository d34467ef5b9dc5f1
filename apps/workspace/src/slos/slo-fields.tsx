import {
  Button,
  CloseButton,
  Fieldset,
  Group,
  Radio,
  Select,
  Stack,
  Text,
  TextInput,
  Textarea,
} from '@mantine/core';
import { type Header, type SloValues } from './form-values';
import { ItemSelect } from '../cmdb/item-select';
import { ratioOf } from './numbers';
import { WINDOWS } from './slo';

const [LEAST, MOST] = [0.5, 0.99999];
const SAMPLE = 100_000;
const LONGEST_TEXT = 200;
const LONGEST_URL = 1000;
const LONGEST_QUERY = 4000;
const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function isObjective(percent: string): boolean {
  const ratio = ratioOf(percent);
  return ratio >= LEAST && ratio <= MOST;
}

interface SloFieldsProps {
  readonly values: SloValues;
  readonly onChange: (part: Partial<SloValues>) => void;
  readonly wrong: (field: string) => string | undefined;
  /** Only a new objective has a choice. */
  readonly isNew: boolean;
}

export function SloFields({ values, onChange, wrong, isNew }: SloFieldsProps) {
  const { name, service, item, kind } = values;
  return (
    <>
      <TextInput
        label="Name"
        required
        autoFocus
        maxLength={LONGEST_TEXT}
        placeholder="Checkout succeeds"
        value={name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={wrong('name')}
      />
      <Target values={values} onChange={onChange} wrong={wrong} />
      <TextInput
        label="Service"
        maxLength={LONGEST_TEXT}
        placeholder="shop"
        value={service}
        onChange={(event) => onChange({ service: event.currentTarget.value })}
        error={wrong('service')}
      />
      <ItemSelect
        label="Configuration item"
        description="Incidents affect it."
        value={item}
        onChange={(chosen) => onChange({ item: chosen?.id ?? null })}
        error={wrong('ci_id')}
      />
      {isNew && (
        <Radio.Group
          label="Who counts the events?"
          description="This cannot be changed later."
          required
          value={kind}
          onChange={(value) => onChange({ kind: value === 'prometheus' ? value : 'events' })}
        >
          <Stack gap="xs" mt="xs">
            <Radio value="events" label="Your programs" description="They send numbers of events to Atlas." />
            <Radio value="prometheus" label="Prometheus" description="Atlas asks it once a minute." />
          </Stack>
        </Radio.Group>
      )}
      {kind === 'prometheus' && <PrometheusFields values={values} onChange={onChange} wrong={wrong} />}
    </>
  );
}

type PartProps = Omit<SloFieldsProps, 'isNew'>;

function Target({ values: { percent, days }, onChange, wrong }: PartProps) {
  const isValid = isObjective(percent);
  const bad = counts.format(Math.round((1 - ratioOf(percent)) * SAMPLE * 10) / 10);
  return (
    <Group grow align="flex-start">
      <TextInput
        label="Good events (percent)"
        description={isValid ? `Allows ${bad} bad of 100,000.` : 'From 50 to 99.999.'}
        required
        inputMode="decimal"
        value={percent}
        onChange={(event) => onChange({ percent: event.currentTarget.value })}
        error={isValid || percent === '' ? wrong('objective') : 'Type a number from 50 to 99.999.'}
      />
      <Select
        label="Window"
        description="It always ends now."
        allowDeselect={false}
        data={WINDOWS.map((value) => ({ value: `${value}`, label: `${value} days` }))}
        value={`${days}`}
        onChange={(value) => onChange({ days: WINDOWS.find((one) => `${one}` === value) ?? days })}
        error={wrong('window_days')}
      />
    </Group>
  );
}

function PrometheusFields({ values: { url, goodQuery, totalQuery, headers }, onChange, wrong }: PartProps) {
  return (
    <>
      <TextInput
        label="Address of Prometheus"
        description="Without /api/v1/query."
        required
        type="url"
        maxLength={LONGEST_URL}
        placeholder="https://prometheus.example.com"
        value={url}
        onChange={(event) => onChange({ url: event.currentTarget.value })}
        error={wrong('indicator.url')}
      />
      <Textarea
        label="Query of good events"
        description="The number of good events in the last minute."
        required
        autosize
        maxLength={LONGEST_QUERY}
        placeholder={'sum(increase(http_requests_total{code!~"5.."}[1m]))'}
        value={goodQuery}
        onChange={(event) => onChange({ goodQuery: event.currentTarget.value })}
        error={wrong('indicator.good_query')}
      />
      <Textarea
        label="Query of all events"
        description="The number of all events in the last minute."
        required
        autosize
        maxLength={LONGEST_QUERY}
        placeholder="sum(increase(http_requests_total[1m]))"
        value={totalQuery}
        onChange={(event) => onChange({ totalQuery: event.currentTarget.value })}
        error={wrong('indicator.total_query')}
      />
      <Headers
        headers={headers}
        onChange={(changed) => onChange({ headers: changed })}
        error={wrong('indicator.headers')}
      />
    </>
  );
}

interface HeadersProps {
  readonly headers: readonly Header[];
  readonly onChange: (headers: readonly Header[]) => void;
  readonly error?: string;
}

function Headers({ headers, onChange, error }: HeadersProps) {
  const set = (index: number, part: Partial<Header>): void =>
    onChange(headers.map((header, at) => (at === index ? { ...header, ...part } : header)));
  return (
    <Fieldset legend="Headers, for example to sign in" p="sm">
      <Stack gap="xs">
        {headers.map(({ name, value, isKept }, index) => (
          <Group key={index} gap="xs" wrap="nowrap" align="flex-end">
            <TextInput
              label="Header"
              size="xs"
              flex={1}
              required
              readOnly={isKept}
              placeholder="authorization"
              value={name}
              onChange={(event) => set(index, { name: event.currentTarget.value })}
            />
            <TextInput
              label="Secret value"
              size="xs"
              flex={2}
              type="password"
              autoComplete="off"
              required={!isKept}
              placeholder={isKept ? 'Kept. Type to replace it.' : 'Bearer …'}
              value={value}
              onChange={(event) => set(index, { value: event.currentTarget.value })}
            />
            <CloseButton
              aria-label={`Remove the header ${name || index + 1}`}
              onClick={() => onChange(headers.filter((_, at) => at !== index))}
            />
          </Group>
        ))}
        <Group>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => onChange([...headers, { name: '', value: '', isKept: false }])}
          >
            Add a header
          </Button>
        </Group>
        {error !== undefined && (
          <Text size="xs" c="red" role="alert">
            {error}
          </Text>
        )}
      </Stack>
    </Fieldset>
  );
}
