import { Alert, Autocomplete, Button, Group, Select, Slider, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  ChangedMeanwhile,
  Confirm,
  type FieldTexts,
  FreshlyRead,
  Page,
  ProblemAlert,
  ProblemError,
  Section,
  type Versioned,
  useCarefulSave,
  versionedOf,
} from '@atlas/web';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { useTypes } from '../../cmdb/use-items';
import { LEVELS, type Level, POLICY, type Policy, runsAlone } from '../../runbooks/autonomy';
import { NeedsRole } from '../../needs-role';
import { useMayEdit } from '../../plan/entitlements';
import { PlanNotice } from '../../plan/plan-notice';
import { RISKS, type Risk } from '../../runbooks/runbook';
import { useMay } from '../../session';

const MOST_OVERRIDES = 200;

/** How much runs may do on their own. */
export function Automation() {
  return (
    <NeedsRole role="fulfiller" title="Automation">
      <Loaded />
    </NeedsRole>
  );
}

function Loaded() {
  const mayEdit = useMayEdit('runbooks') !== false;
  const isAdmin = useMay('admin') && mayEdit;
  return (
    <Page
      title="Automation"
      about="The autonomy level says how much runs may do on their own. Everything else waits for approval."
    >
      <PlanNotice module="runbooks" />
      <FreshlyRead read={() => versionedOf(api.GET('/api/automation/policy'))}>
        {(first) => (isAdmin ? <Form first={first} /> : <ReadOnly policy={first.stored} />)}
      </FreshlyRead>
    </Page>
  );
}

interface OverrideDraft {
  readonly key: string;
  readonly type: string;
  readonly risk: Risk;
  readonly level: Level;
}

function draftsOf({ overrides }: Policy): readonly OverrideDraft[] {
  return overrides.map(({ ci_type: type, risk, level }) => ({
    key: crypto.randomUUID(),
    type: type ?? '',
    risk,
    level,
  }));
}

function Form({ first }: { readonly first: Versioned<Policy> }) {
  const [base, setBase] = useState(first.stored);
  const [level, setLevel] = useState<Level>(base.level);
  const [overrides, setOverrides] = useState(() => draftsOf(base));
  const [isAsked, { open, close }] = useDisclosure();
  const save = useSave(first);
  const { theirs } = save;
  const wanted: Policy = {
    level,
    overrides: overrides.map(({ type, risk, level: own }) => ({
      ci_type: type.trim() || null,
      risk,
      level: own,
    })),
  };
  const newlyAlone = RISKS.filter((risk) => gains(theirs ?? base, wanted, risk));
  const send = (): void =>
    save.mutate(wanted, { onSuccess: (stored) => stored && setBase(stored), onSettled: close });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (newlyAlone.length > 0) open();
    else send();
  };
  const fill = (stored: Policy): void => {
    setBase(stored);
    setLevel(stored.level);
    setOverrides(draftsOf(stored));
    save.takeTheirs();
  };
  const isSame = textOf(wanted) === textOf(theirs ?? base);
  return (
    <Stack component="form" gap="xl" maw={760} onSubmit={submit}>
      <Section title="Level for all runs">
        <LevelSlider level={level} onChange={setLevel} />
        <LevelTable level={level} />
      </Section>
      <Overrides overrides={overrides} onChange={setOverrides} error={save.error} />
      <Stack gap="sm">
        {theirs && (
          <ChangedMeanwhile
            name="The policy"
            fields={FIELDS}
            theirs={theirs}
            yours={wanted}
            onKeepTheirs={() => fill(theirs)}
          />
        )}
        <ProblemAlert error={save.error} />
        {save.isSaved && isSame && (
          <Alert color="green" role="status">
            Saved. It counts for steps that are reached from now on.
          </Alert>
        )}
        <Group>
          <Button type="submit" loading={save.isPending} disabled={isSame}>
            {theirs ? 'Save mine' : 'Save'}
          </Button>
          {isSame && !save.isSaved && !theirs && (
            <Text size="sm" c="dimmed">
              Nothing is changed.
            </Text>
          )}
        </Group>
      </Stack>
      {isAsked && (
        <Confirm
          title="Let runs do more on their own?"
          verb="Save"
          otherwise="Not now"
          color="indigo"
          isPending={save.isPending}
          onConfirm={send}
          onClose={close}
        >
          <Text size="sm">
            From now on, some {newlyAlone.join(' and ')} risk steps run without asking anybody.
          </Text>
        </Confirm>
      )}
    </Stack>
  );
}

function textOf({ level, overrides }: Policy): string {
  return JSON.stringify([level, overrides.map((one) => [one.ci_type, one.risk, one.level])]);
}

/** Whether steps of a risk may run alone somewhere where they may not today. */
function gains(before: Policy, after: Policy, risk: Risk): boolean {
  const types = new Set([null, ...[...before.overrides, ...after.overrides].map((one) => one.ci_type)]);
  return [...types].some(
    (type) => runsAlone(risk, levelFor(after, risk, type)) && !runsAlone(risk, levelFor(before, risk, type)),
  );
}

/** As the plane does: an override for a type counts before one for all; of several, the lowest counts. */
function levelFor({ level, overrides }: Policy, risk: Risk, type: string | null): Level {
  const lowest = (wanted: string | null): Level | undefined =>
    overrides
      .filter((one) => one.risk === risk && one.ci_type === wanted)
      .map((one) => one.level)
      .sort((a, b) => a - b)[0];
  return lowest(type) ?? lowest(null) ?? level;
}

function useSave(first: Versioned<Policy>) {
  const queries = useQueryClient();
  return useCarefulSave({
    first,
    save: ({ level, overrides }: Policy, header) => {
      const body = {
        level,
        overrides: overrides.map(({ ci_type: type, ...rest }) => ({
          ...rest,
          ...(type !== null && { ci_type: type }),
        })),
      };
      return versionedOf(api.PUT('/api/automation/policy', { params: { header }, body }));
    },
    keep: (stored) => {
      queries.setQueryData(POLICY, stored);
    },
  });
}

const FIELDS: FieldTexts<Policy> = [
  ['Level for all runs', ({ level }) => String(level)],
  [
    'Overrides',
    ({ overrides }) =>
      overrides.map(({ ci_type: type, risk, level }) => `${type ?? 'all'}, ${risk}: ${level}`).join('; '),
  ],
];

interface LevelSliderProps {
  readonly level: Level;
  readonly onChange: (level: Level) => void;
}

function LevelSlider({ level, onChange }: LevelSliderProps) {
  return (
    <Slider
      thumbLabel="Level"
      min={0}
      max={5}
      step={1}
      maw={420}
      mx="xs"
      mb="lg"
      marks={LEVELS.map((value) => ({ value, label: String(value) }))}
      value={level}
      onChange={(value) => onChange(LEVELS.find((one) => one === value) ?? level)}
    />
  );
}

function LevelTable({ level }: { readonly level: Level }) {
  return (
    <>
      <Table maw={420}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Risk of the step</Table.Th>
            <Table.Th>At level {level}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {RISKS.map((risk) => (
            <Table.Tr key={risk}>
              <Table.Td>{risk}</Table.Td>
              <Table.Td fw={runsAlone(risk, level) ? 600 : undefined}>
                {runsAlone(risk, level) ? 'runs on its own' : 'waits for approval'}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed">
        Manual steps always wait for a person, critical steps always for approval. Levels 0 and 1 do the same,
        and so do 4 and 5.
      </Text>
    </>
  );
}

interface OverridesProps {
  readonly overrides: readonly OverrideDraft[];
  readonly onChange: (overrides: readonly OverrideDraft[]) => void;
  readonly error: unknown;
}

const LEVEL_CHOICES = LEVELS.map((value) => ({ value: String(value), label: String(value) }));

function Overrides({ overrides, onChange, error }: OverridesProps) {
  const types = useTypes();
  const wrong = error instanceof ProblemError ? error.byField : {};
  const change = (key: string, part: Partial<OverrideDraft>): void =>
    onChange(overrides.map((one) => (one.key === key ? { ...one, ...part } : one)));
  return (
    <Section title="Overrides">
      <Text size="sm" c="dimmed">
        Another level for one risk, for all runs or for runs on incidents that affect a type of item. An
        override for a type counts before one for all. Of several, the lowest counts.
      </Text>
      {overrides.map(({ key, type, risk, level }, index) => (
        <Group key={key} align="flex-end" gap="xs" role="group" aria-label={`Override ${index + 1}`}>
          <Autocomplete
            label="Type of item"
            placeholder="All runs"
            flex="1 1 180px"
            maxLength={60}
            data={types}
            value={type}
            onChange={(value) => change(key, { type: value })}
            error={wrong[`overrides.${index}.ci_type`]}
          />
          <Select
            label="Risk"
            w={130}
            allowDeselect={false}
            data={[...RISKS]}
            value={risk}
            onChange={(value) => change(key, { risk: RISKS.find((one) => one === value) ?? risk })}
          />
          <Select
            label="Level"
            w={90}
            allowDeselect={false}
            data={LEVEL_CHOICES}
            value={String(level)}
            onChange={(value) => change(key, { level: LEVELS.find((one) => String(one) === value) ?? level })}
          />
          <Text size="sm" w={140} pb={8}>
            {runsAlone(risk, level) ? 'runs on its own' : 'waits for approval'}
          </Text>
          <Button
            variant="default"
            aria-label={`Remove override ${index + 1}`}
            onClick={() => onChange(overrides.filter((one) => one.key !== key))}
          >
            Remove
          </Button>
        </Group>
      ))}
      <Group>
        <Button
          size="compact-sm"
          variant="default"
          disabled={overrides.length >= MOST_OVERRIDES}
          onClick={() =>
            onChange([...overrides, { key: crypto.randomUUID(), type: '', risk: 'medium', level: 1 }])
          }
        >
          Add an override
        </Button>
      </Group>
    </Section>
  );
}

function ReadOnly({ policy: { level, overrides } }: { readonly policy: Policy }) {
  return (
    <Stack gap="lg" maw={760}>
      <Text size="sm">Only admins can change this.</Text>
      <Text fw={600}>Level {level}</Text>
      <LevelTable level={level} />
      {overrides.length > 0 && (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Type of item</Table.Th>
              <Table.Th>Risk</Table.Th>
              <Table.Th>Level</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {overrides.map((one) => (
              <Table.Tr key={`${one.ci_type ?? ''} ${one.risk} ${one.level}`}>
                <Table.Td>{one.ci_type ?? 'all runs'}</Table.Td>
                <Table.Td>{one.risk}</Table.Td>
                <Table.Td>{one.level}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}
