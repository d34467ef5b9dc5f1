import { Delete, Get, Patch, Post, Put } from '@nestjs/common';
import { type Sent } from '../http/sent';
import { type AnswerOf, type Method, type OperationKey } from './contract';

/** What an operation's handler may return. */
type Handler<Answer> = (
  ...args: never[]
) => Answer | Promise<Answer> | Promise<Sent<Answer>> | (undefined extends Answer ? Promise<void> : never);

const DECORATORS = { GET: Get, POST: Post, PUT: Put, PATCH: Patch, DELETE: Delete };
const OPERATION = 'platform:operation';

/** The operation that a handler serves. */
export function operationOf(handler: object): OperationKey | undefined {
  return Reflect.getMetadata(OPERATION, handler) as OperationKey | undefined;
}

/**
 * Creates the decorator that controllers use to serve an API's operations. It routes an operation to its
 * handler, and compiles only if the contract allows the handler's return type.
 */
export function servesOf<Api extends { [Key in keyof Api]: object }>() {
  return <Key extends keyof Api & OperationKey>(operation: Key) =>
    <Served extends Handler<AnswerOf<Api[Key]>>>(
      target: object,
      key: string | symbol,
      descriptor: TypedPropertyDescriptor<Served>,
    ): void => {
      // The app adds the prefix /api.
      const [method, path = ''] = operation.split(' /api') as [Method, string?];
      DECORATORS[method](path)(target, key, descriptor as TypedPropertyDescriptor<unknown>);
      Reflect.defineMetadata(OPERATION, operation, descriptor.value as object);
    };
}
