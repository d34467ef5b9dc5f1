import { type Page } from '../input/page';

/**
 * An API's contract is an interface with a member for each operation, named by method and path. The member's
 * comment is the operation's summary:
 *
 * ```ts
 * interface OperatorApi {
 *   /** Move a tenant to another deployment model *\/
 *   'POST /api/tenants/:id/move': { query: DryRunQuery; body: MoveTenantDto; 200: PlanView; 202: Accepted };
 * }
 * ```
 */
export type OperationKey = `${Method} /api/${string}`;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The responses of an operation, for all statuses. */
export type AnswerOf<Operation> = Operation[Extract<keyof Operation, number>];

/** The operations of an API that return pages. */
export type ListsOf<Api> = {
  [Key in keyof Api & OperationKey]: AnswerOf<Api[Key]> extends Page<unknown> ? Key : never;
}[keyof Api & OperationKey];

export type ItemOf<Operation> = AnswerOf<Operation> extends Page<infer Item> ? Item : never;

/** The arguments of an operation. Members with a default may be omitted. */
export interface Given<Operation> {
  /** Values for the `:names` in the path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Operation extends { query: infer Query } ? Partial<Json<Query>> : undefined;
  readonly body?: Operation extends { body: infer Body } ? Partial<Json<Body>> : undefined;
}

/** A value as represented in JSON, where dates are strings. */
export type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Json<T[Key]> }
      : T;
