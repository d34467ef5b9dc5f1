import { useCallback, useMemo, useState } from 'react';
import { type Draft, type ParameterDraft, type StepDraft, newParameter, newStep } from './draft';
import { type StepKind } from './runbook';

/** What is edited. The functions that change it stay the same, so that only changed cards are drawn. */
export function useDraft(initial: Draft) {
  const [draft, setDraft] = useState(initial);
  const change = useCallback((part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part })), []);
  const changeStep = useCallback(
    (key: string, part: Partial<StepDraft>) =>
      setDraft((old) => ({ ...old, steps: changed(old.steps, key, part) })),
    [],
  );
  const moveStep = useCallback(
    (key: string, by: -1 | 1) => setDraft((old) => ({ ...old, steps: moved(old.steps, key, by) })),
    [],
  );
  const removeStep = useCallback(
    (key: string) => setDraft((old) => ({ ...old, steps: old.steps.filter((one) => one.key !== key) })),
    [],
  );
  const addStep = useCallback((kind: StepKind): string => {
    const step = newStep(kind);
    setDraft((old) => ({ ...old, steps: [...old.steps, step] }));
    return step.key;
  }, []);
  const changeParameter = (key: string, part: Partial<ParameterDraft>): void =>
    setDraft((old) => ({ ...old, parameters: changed(old.parameters, key, part) }));
  const removeParameter = (key: string): void =>
    setDraft((old) => ({ ...old, parameters: old.parameters.filter((one) => one.key !== key) }));
  const addParameter = (): void =>
    setDraft((old) => ({ ...old, parameters: [...old.parameters, newParameter()] }));
  const parameters = useNames(draft);
  return {
    draft,
    parameters,
    change,
    changeStep,
    moveStep,
    removeStep,
    addStep,
    changeParameter,
    removeParameter,
    addParameter,
  };
}

/** The names of the parameters, as one list until one changes. */
function useNames({ parameters }: Draft): readonly string[] {
  const text = parameters
    .map(({ name }) => name)
    .filter((name) => name !== '')
    .join(' ');
  return useMemo(() => text.split(' ').filter((name) => name !== ''), [text]);
}

function changed<T extends { readonly key: string }>(list: readonly T[], key: string, part: Partial<T>): T[] {
  return list.map((one) => (one.key === key ? { ...one, ...part } : one));
}

function moved<T extends { readonly key: string }>(
  list: readonly T[],
  key: string,
  by: -1 | 1,
): readonly T[] {
  const from = list.findIndex((one) => one.key === key);
  const one = list[from];
  const other = list[from + by];
  if (!one || !other) return list;
  const result = [...list];
  result[from] = other;
  result[from + by] = one;
  return result;
}
