import { type FieldTexts } from '@atlas/web';
import { type Draft, runbookOf } from './draft';

/** The parts in which runbooks are compared. */
export function fieldsOf(...drafts: readonly Draft[]): FieldTexts<Draft> {
  const names = new Set(drafts.flatMap((draft) => [...partsOf(draft).keys()]));
  return [...names].map((name) => [name, (draft) => partsOf(draft).get(name) ?? 'not there']);
}

/** What a runbook says, in parts to compare. */
function partsOf(draft: Draft): ReadonlyMap<string, string> {
  const { name, description = '', parameters = [], steps } = runbookOf(draft);
  return new Map([
    ['Name', name],
    ['Description', description],
    ...parameters.map((one) => [`Parameter ${one.name}`, JSON.stringify(one)] as const),
    ['Order of the steps', steps.map((step) => step.name).join(', ')],
    ...steps.map((step) => [`Step ${step.name}`, JSON.stringify(step)] as const),
  ]);
}
