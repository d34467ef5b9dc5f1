/**
 * What a handler sends by itself: `Sends<{ 200: Plan; 202: Accepted }>`. The API's description is made of what handlers say
 * that they return; see `npx nx run-many -t openapi`.
 */
export type Sends<Answers extends Readonly<Record<number, unknown>>> = ReturnType<(sent: Answers) => void>;
