/** Each state, with the states that it may change to. */
export type Transitions<S extends string> = Readonly<Record<S, readonly S[]>>;

/** A fixed set of states and transitions. The machine has no current state of its own. */
export interface StateMachine<S extends string> {
  /** All states, in the order of the map. */
  readonly states: readonly S[];
  /** Whether `from` may change to `to`. A state may stay the same only if the map says so. */
  can(from: S, to: S): boolean;
  /** The states that `from` may change to; empty for a final state. */
  next(from: S): readonly S[];
  /** Whether a value from outside (a row, a request) is one of the states. */
  is(value: unknown): value is S;
}

/**
 * Defines states as data: `defineStateMachine({ open: ['closed'], closed: [] })`.
 * @throws Error when the map leads to a state that it does not describe
 */
export function defineStateMachine<S extends string>(
  transitions: Readonly<Record<S, readonly NoInfer<S>[]>>,
): StateMachine<S> {
  const states = Object.freeze(Object.keys(transitions) as S[]);
  // A Map rather than an object, because a state read from outside may be called `constructor`.
  const targets = new Map<unknown, readonly S[]>(
    states.map((state) => [state, Object.freeze([...transitions[state]])]),
  );
  for (const [from, to] of targets) {
    const unknown = to.find((state) => !targets.has(state));
    if (unknown !== undefined) throw new Error(`state ${String(from)} leads to unknown state ${unknown}`);
  }
  const next = (from: S): readonly S[] => targets.get(from) ?? [];
  return Object.freeze({
    states,
    next,
    can: (from: S, to: S) => next(from).includes(to),
    is: (value: unknown): value is S => targets.has(value),
  });
}
