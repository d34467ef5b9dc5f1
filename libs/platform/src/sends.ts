/**
 * The type of a handler that sends its answer itself: `Sends<{ 200: Plan; 202: Accepted }>`. The API
 * description is generated from the return types of handlers; see `npx nx run-many -t openapi`.
 */
export type Sends<Answers extends Readonly<Record<number, unknown>>> = ReturnType<(sent: Answers) => void>;
