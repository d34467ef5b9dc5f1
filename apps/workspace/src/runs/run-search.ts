export const RUN_VIEWS = ['all', 'waiting', 'running', 'failed'] as const;
export type RunViewName = (typeof RUN_VIEWS)[number];

/** What the address of the list of runs says. */
export interface RunSearch {
  readonly which?: RunViewName;
  readonly incident?: string;
}

export function runSearchOf({ which, incident }: Readonly<Record<string, unknown>>): RunSearch {
  return {
    which: RUN_VIEWS.find((one) => one === which),
    incident: typeof incident === 'string' && incident !== '' ? incident : undefined,
  };
}
