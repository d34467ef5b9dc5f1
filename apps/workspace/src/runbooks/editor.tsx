import { Button, Group, Input, Stack, TextInput, Textarea } from '@mantine/core';
import { ChangedMeanwhile, ProblemAlert, Section, type Versioned, sendByKey } from '@atlas/web';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react';
import { LeaveQuestion } from '../leave-question';
import { fieldsOf } from './draft-fields';
import { type Draft, draftOf, isSame, runbookOf } from './draft';
import { type Problems, hasProblemAt, ownProblemsOf, problemsOf } from './draft-problems';
import { ParameterFields } from './parameter-fields';
import { KIND_TEXTS, type Runbook, STEP_KINDS, type StepKind } from './runbook';
import { StepCard } from './step-card';
import { useDraft } from './use-draft';
import { useSave } from './use-save';

interface EditorProps {
  readonly initial: Draft;
  /** What is changed, or null for a new one. */
  readonly first: Versioned<Runbook> | null;
  readonly onSaved?: () => void;
}

const MOST_STEPS = 100;
const MOST_PARAMETERS = 50;
/** Few steps are all shown. */
const FEW_STEPS = 5;
const NO_PROBLEMS: Problems = {};

/** Writes a runbook, or a new version of it. */
export function Editor({ initial, first, onSaved }: EditorProps) {
  const [base] = useState(initial);
  const editor = useDraft(base);
  const { draft, parameters } = editor;
  const [problems, setProblems] = useState(NO_PROBLEMS);
  const [opened, setOpened] = useState<ReadonlySet<string>>(
    () => new Set(base.steps.length <= FEW_STEPS ? base.steps.map(({ key }) => key) : []),
  );
  const save = useSave(first);
  const { theirs } = save;
  const navigate = useNavigate();
  const isSaved = useRef(false);
  const isUnsaved = (): boolean => !isSaved.current && !isSame(base, draft);
  const form = useRef<HTMLDivElement>(null);
  useFirstProblem(problems, form);

  const show = (found: Problems): void => {
    setProblems(found);
    const wrong = draft.steps.filter((_, index) => hasProblemAt(found, `steps.${index}`));
    setOpened((old) => new Set([...old, ...wrong.map(({ key }) => key)]));
  };
  const send = (isRunNext: boolean): void => {
    const own = ownProblemsOf(draft);
    save.reset();
    show(own);
    if (Object.keys(own).length > 0) return;
    save.mutate(runbookOf(draft), {
      onSuccess: async (stored) => {
        if (!stored) return;
        isSaved.current = true;
        await navigate({ to: isRunNext ? '/runbooks/$id/run' : '/runbooks/$id', params: { id: stored.id } });
        onSaved?.();
      },
      onError: (error) => show(problemsOf(error, draft)),
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    send(submitter?.getAttribute('value') === 'run');
  };
  const { changeStep, moveStep, removeStep } = editor;
  const toggle = useCallback(
    (key: string) =>
      setOpened((old) => new Set(old.has(key) ? [...old].filter((one) => one !== key) : [...old, key])),
    [],
  );
  // The problems name places, which are others now.
  const move = useCallback(
    (key: string, by: -1 | 1) => {
      setProblems(NO_PROBLEMS);
      moveStep(key, by);
    },
    [moveStep],
  );
  const remove = useCallback(
    (key: string) => {
      setProblems(NO_PROBLEMS);
      removeStep(key);
    },
    [removeStep],
  );
  const add = (kind: StepKind): void => {
    const key = editor.addStep(kind);
    setOpened((old) => new Set([...old, key]));
  };
  return (
    <Stack component="form" ref={form} maw={860} gap="xl" onSubmit={submit} onKeyDown={sendByKey}>
      <Stack gap="sm">
        <TextInput
          label="Name"
          required
          autoFocus={first === null}
          maxLength={200}
          placeholder="Restart the web server"
          value={draft.name}
          onChange={(event) => editor.change({ name: event.currentTarget.value })}
          error={problems['name']}
        />
        <Textarea
          label="Description"
          description="When to run it, and what it changes."
          autosize
          minRows={2}
          maxRows={12}
          maxLength={20_000}
          value={draft.description}
          onChange={(event) => editor.change({ description: event.currentTarget.value })}
          error={problems['description']}
        />
      </Stack>
      <Section title="Parameters">
        <Input.Description>
          Values that are asked for before each run, such as the name of a machine. Steps use them.
        </Input.Description>
        {draft.parameters.map((parameter, index) => (
          <ParameterFields
            key={parameter.key}
            parameter={parameter}
            place={`parameters.${index}`}
            problems={problems}
            onChange={(part) => editor.changeParameter(parameter.key, part)}
            onRemove={() => {
              setProblems(NO_PROBLEMS);
              editor.removeParameter(parameter.key);
            }}
          />
        ))}
        <Group>
          <Button
            size="compact-sm"
            variant="default"
            disabled={draft.parameters.length >= MOST_PARAMETERS}
            onClick={editor.addParameter}
          >
            Add a parameter
          </Button>
        </Group>
      </Section>
      <Section title="Steps">
        <Input.Description>They run in this order. Alt + ↑ and Alt + ↓ move a step, too.</Input.Description>
        <Stack component="ol" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
          {draft.steps.map((step, index) => (
            <StepCard
              key={step.key}
              step={step}
              index={index}
              count={draft.steps.length}
              isOpen={opened.has(step.key)}
              problems={problems}
              parameters={parameters}
              onToggle={toggle}
              onChange={changeStep}
              onMove={move}
              onRemove={remove}
            />
          ))}
        </Stack>
        <AddStep isFull={draft.steps.length >= MOST_STEPS} onAdd={add} />
      </Section>
      <Stack gap="sm">
        {theirs && (
          <ChangedMeanwhile
            name={theirs.name}
            fields={fieldsOf(draftOf(theirs), draft)}
            theirs={draftOf(theirs)}
            yours={draft}
            onKeepTheirs={() => {
              isSaved.current = true;
              void navigate({ to: '/runbooks/$id', params: { id: theirs.id } });
            }}
          />
        )}
        <ProblemAlert error={save.error} />
        {save.error === null && Object.keys(problems).length > 0 && (
          <Input.Error role="alert">Change the fields that are marked, then save again.</Input.Error>
        )}
        <Group>
          <Button type="submit" loading={save.isPending}>
            {first === null
              ? 'Save'
              : `Save ${theirs ? 'mine ' : ''}as version ${(theirs ?? first.stored).version + 1}`}
          </Button>
          <Button type="submit" value="run" variant="default" disabled={save.isPending}>
            Save and try it
          </Button>
        </Group>
      </Stack>
      <LeaveQuestion isUnsaved={isUnsaved} />
    </Stack>
  );
}

/** Shows the first field with a problem. */
function useFirstProblem(problems: Problems, form: { readonly current: HTMLElement | null }): void {
  useEffect(() => {
    if (Object.keys(problems).length === 0) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [problems, form]);
}

interface AddStepProps {
  readonly isFull: boolean;
  readonly onAdd: (kind: StepKind) => void;
}

function AddStep({ isFull, onAdd }: AddStepProps) {
  return (
    <Group gap="xs" role="group" aria-label="Add a step">
      {STEP_KINDS.map((kind) => (
        <Button
          key={kind}
          size="compact-sm"
          variant="default"
          disabled={isFull}
          title={KIND_TEXTS[kind]}
          onClick={() => onAdd(kind)}
        >
          Add {ADD_TEXTS[kind]} step
        </Button>
      ))}
    </Group>
  );
}

const ADD_TEXTS: Readonly<Record<StepKind, string>> = {
  manual: 'a manual',
  http: 'an HTTP',
  shell: 'a shell',
};
