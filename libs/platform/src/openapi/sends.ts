/**
 * What a handler answers, by status: `Promise<Answers<{ 200: Plan; 202: Accepted }>>`. The API's description
 * is made of it; see `npx nx run-many -t openapi`.
 */
export type Answers<ByStatus extends Readonly<Record<number, unknown>>> = ByStatus[keyof ByStatus];

/** As {@link Answers}, for a handler that sends its answer by itself. */
export type Sends<ByStatus extends Readonly<Record<number, unknown>>> = ReturnType<(sent: ByStatus) => void>;
